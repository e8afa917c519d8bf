import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader } from "@bufbuild/protobuf/wire";
import type { ChatResponseSchema } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { Finished, Started } from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { CompleteResponseSchema } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import { EncodedMessage } from "../rpc/call/pump.ts";

/** What a generation's stream consists of. */
export type EventSchema = typeof ChatResponseSchema | typeof CompleteResponseSchema;

/**
 * An event of a worker's stream on its way through the front, in its wire form: most are looked at no further than to
 * tell what they are. Throws on bytes that are not a message.
 */
export class RelayedEvent<Desc extends EventSchema = EventSchema> extends EncodedMessage<Desc> {
  readonly kind: "loading" | "started" | "progress" | "delta" | "finished";
  /** Which of the request's choices it is about; 0 for `loading`, `started` and `progress`, which are about all. */
  readonly choice: number;

  constructor(schema: Desc, bytes: Uint8Array) {
    super(schema, bytes);
    const { choice, loading, started, progress, finished } = schema.field;
    const reader = new BinaryReader(bytes);
    let ofChoice = 0;
    let event = 0;
    while (reader.pos < reader.len) {
      const [field, wireType] = reader.tag();
      if (field === choice.number) ofChoice = reader.uint32();
      else {
        event = field;
        reader.skip(wireType, field);
      }
    }
    this.choice = ofChoice;
    const kinds = {
      [loading.number]: "loading",
      [started.number]: "started",
      [progress.number]: "progress",
      [finished.number]: "finished",
    } as const;
    this.kind = kinds[event] ?? "delta";
  }

  /** How the answer began; undefined unless this is its beginning. */
  started(): Started | undefined {
    const { event } = fromBinary<EventSchema>(this.schema, this.bytes);
    return event.case === "started" ? event.value : undefined;
  }

  /** How the choice ended; undefined unless this is its end. */
  finished(): Finished | undefined {
    const { event } = fromBinary<EventSchema>(this.schema, this.bytes);
    return event.case === "finished" ? event.value : undefined;
  }
}
