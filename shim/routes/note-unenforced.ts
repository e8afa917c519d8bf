import type { ChatResponse } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { CompleteResponse } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { Exchange } from "../dialect/dialect.ts";

export interface NoteUnenforced {
  readonly warn: Exchange["warn"];
  /** A field of the service as the request names it. */
  readonly ownName: (param: string) => string;
}

/**
 * Hands a generation's events on, and warns of each part of the request's schemas that it is not held to; then also of
 * what a check of the whole answer found, which comes too late for the head of a stream.
 */
export async function* noteUnenforced<T extends ChatResponse | CompleteResponse>(
  events: AsyncIterable<T>,
  { warn, ownName }: NoteUnenforced,
): AsyncGenerator<T, void, void> {
  let isChecked = false;
  for await (const message of events) {
    const { choice, event } = message;
    if (event.case === "started" && event.value.unenforced.length > 0) {
      isChecked = true;
      warn(...event.value.unenforced.map(({ param, pointer }) => `${ownName(param)}${pointer} is not enforced`));
    } else if (event.case === "finished" && isChecked) {
      const { schemaCheck } = event.value;
      warn(`choice ${choice} ${verdict(schemaCheck)}`);
    }
    yield message;
  }
}

function verdict(check: { readonly valid: boolean; readonly fault: string } | undefined): string {
  if (check === undefined) return "was not checked against the whole schema";
  return check.valid ? "is valid under the whole schema" : `is not valid under the whole schema: ${check.fault}`;
}
