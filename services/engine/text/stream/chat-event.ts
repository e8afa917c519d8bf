import type { TokenLogprob } from "../../engine.ts";

/** What a parser finds in a model's output. The fields are those of the proto's deltas. */
export type ChatEvent =
  | { readonly type: "text" | "reasoning"; readonly text: string; readonly logprobs: readonly TokenLogprob[] }
  | {
      readonly type: "tool_call";
      readonly index: number;
      /** Only in the first event of an index, else "". */
      readonly id: string;
      /** Only in the first event of an index, else "". */
      readonly name: string;
      /** The next piece of the arguments' JSON text. */
      readonly arguments: string;
      readonly logprobs: readonly TokenLogprob[];
    };

/** Appends an event, as part of the one before it where that is of the same kind. */
export function addEvent(events: ChatEvent[], event: ChatEvent): void {
  const last = events.at(-1);
  if (event.type === "tool_call") {
    if (last?.type === "tool_call" && last.index === event.index) {
      const logprobs = [...last.logprobs, ...event.logprobs];
      events[events.length - 1] = { ...last, arguments: last.arguments + event.arguments, logprobs };
      return;
    }
  } else if (last?.type === event.type) {
    events[events.length - 1] = {
      ...last,
      text: last.text + event.text,
      logprobs: [...last.logprobs, ...event.logprobs],
    };
    return;
  }
  events.push(event);
}
