import { z } from "zod";
import type { ChatResponse } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { requireFinished } from "../../dialect/answer/event-streams.ts";
import { named } from "../../dialect/docs/endpoint-docs.ts";
import {
  type AnthropicBlock,
  type AnthropicMessage,
  blockSchema,
  endSchema,
  type MessageInfo,
  messageSchema,
} from "./message.ts";
import { stopFromProto } from "./stop-reason.ts";
import { type AnthropicUsage, usageFromProto, usageSchema } from "./usage.ts";

const deltaSchema = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("text_delta"), text: z.string() }),
  z.strictObject({ type: z.literal("thinking_delta"), thinking: z.string() }),
  z.strictObject({ type: z.literal("signature_delta"), signature: z.string() }),
  z.strictObject({ type: z.literal("input_json_delta"), partial_json: z.string() }),
]);

const index = z.int().min(0);

/** One event of a message's stream. */
export const messageEventSchema = named(
  "MessageStreamEvent",
  z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("message_start"), message: messageSchema }),
    z.strictObject({ type: z.literal("content_block_start"), index, content_block: blockSchema }),
    z.strictObject({ type: z.literal("content_block_delta"), index, delta: deltaSchema }),
    z.strictObject({ type: z.literal("content_block_stop"), index }),
    z.strictObject({ type: z.literal("message_delta"), delta: endSchema, usage: usageSchema }),
    z.strictObject({ type: z.literal("message_stop") }),
  ]),
);

export type BlockDelta = Readonly<z.infer<typeof deltaSchema>>;
export type MessageEvent = Readonly<z.infer<typeof messageEventSchema>>;

/** Nobody here signs thinking, and nobody checks what is sent back. */
const signature = "unsigned";

/**
 * A chat stream as Anthropic's events: blocks one after another, each with its start, its deltas and its end. Throws when
 * the stream ends before the answer has; leaving the iteration leaves `events`.
 */
export async function* messageEvents(
  events: AsyncIterable<ChatResponse>,
  info: MessageInfo,
): AsyncGenerator<MessageEvent, void, void> {
  const blocks = new Blocks();
  const finished = new Map<number, true>();
  for await (const { event } of events) {
    switch (event.case) {
      case "started":
        yield { type: "message_start", message: emptyMessage(info, event.value.model, usageFromProto(event.value)) };
        break;
      case "text":
        if (event.value.text === "") break;
        yield* blocks.enter("text", () => ({ type: "text", text: "", citations: null }));
        yield blocks.delta({ type: "text_delta", text: event.value.text });
        break;
      case "reasoning":
        yield* blocks.enter("thinking", () => ({ type: "thinking", thinking: "", signature: "" }));
        if (info.thinkingOmitted) break;
        yield blocks.delta({ type: "thinking_delta", thinking: event.value.text });
        break;
      case "toolCall": {
        const { index, id, name, arguments: json } = event.value;
        const caller = { type: "direct" } as const;
        yield* blocks.enter(`call ${index}`, () => ({ type: "tool_use", id, name, input: {}, caller }));
        if (json !== "") yield blocks.delta({ type: "input_json_delta", partial_json: json });
        break;
      }
      case "finished": {
        finished.set(0, true);
        yield* blocks.close();
        const delta = { ...stopFromProto(event.value), stop_details: null, container: null };
        const usage = usageFromProto(event.value.usage ?? { promptTokens: 0, cachedTokens: 0 });
        yield { type: "message_delta", delta, usage };
        yield { type: "message_stop" };
        break;
      }
      default:
        // An event of a newer service, or one that this dialect does not tell.
        break;
    }
  }
  requireFinished(finished, { choices: 1 });
}

/** The one block that is open, if any. */
class Blocks {
  #index = -1;
  #open: string | undefined;

  /** Opens a block unless it is the open one, which is closed before another. */
  *enter(what: string, block: () => AnthropicBlock): Generator<MessageEvent, void, void> {
    if (this.#open === what) return;
    yield* this.close();
    this.#open = what;
    this.#index += 1;
    yield { type: "content_block_start", index: this.#index, content_block: block() };
  }

  delta(delta: BlockDelta): MessageEvent {
    return { type: "content_block_delta", index: this.#index, delta };
  }

  *close(): Generator<MessageEvent, void, void> {
    if (this.#open === undefined) return;
    if (this.#open === "thinking") yield this.delta({ type: "signature_delta", signature });
    yield { type: "content_block_stop", index: this.#index };
    this.#open = undefined;
  }
}

function emptyMessage(info: MessageInfo, model: string, usage: AnthropicUsage): AnthropicMessage {
  return {
    id: info.id,
    type: "message",
    role: "assistant",
    model: model || info.requestedModel,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    stop_details: null,
    container: null,
    diagnostics: null,
    usage,
  };
}
