import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ChatResponseSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { TextEvent } from "../../engine/engine.ts";
import type { ChatEvent } from "../../engine/text/stream/chat-event.ts";
import type { ChatParser } from "../../engine/text/stream/chat-parser.ts";
import { logprobsToProto } from "./engine-to-proto.ts";

/** A piece of an answer, as an event has it. */
export type Delta = NonNullable<MessageInitShape<typeof ChatResponseSchema>["event"]>;

/** Reads one choice's output: the deltas of its answer, reasoning and tool calls, and what of it was reasoning. */
export class ChoiceReader {
  readonly #parser: ChatParser;
  readonly #maxCalls: number;
  /** Tokens of the reasoning, markers included. */
  reasoningTokens = 0;

  /** Calls beyond `maxCalls` are left out. */
  constructor(parser: ChatParser, maxCalls: number) {
    this.#parser = parser;
    this.#maxCalls = maxCalls;
  }

  /** Whether the answer is calls, all of them whole: one that is not was cut, for which there are other reasons. */
  get calledTools(): boolean {
    return this.#parser.calls > 0 && this.#parser.wholeCalls === this.#parser.calls;
  }

  read({ text, logprobs, completionTokens }: TextEvent): Delta[] {
    const before = this.#parser.section;
    const events = this.#parser.push(text, logprobs);
    // Reasoning stands at the beginning, so that all tokens so far are its; the last ones are of its end marker.
    if ([before, this.#parser.section].includes("reasoning")) this.reasoningTokens = completionTokens;
    return this.#deltas(events);
  }

  /** The output has ended, after `completionTokens`: what was held back. */
  end(completionTokens: number): Delta[] {
    if (this.#parser.section === "reasoning") this.reasoningTokens = completionTokens;
    return this.#deltas(this.#parser.end());
  }

  #deltas(events: readonly ChatEvent[]): Delta[] {
    return events
      .filter((event) => event.type !== "tool_call" || event.index < this.#maxCalls)
      .map((event): Delta => {
        const logprobs = logprobsToProto(event.logprobs);
        if (event.type !== "tool_call") return { case: event.type, value: { text: event.text, logprobs } };
        const { index, id, name, arguments: json } = event;
        return { case: "toolCall", value: { index, id, name, arguments: json, logprobs } };
      });
  }
}
