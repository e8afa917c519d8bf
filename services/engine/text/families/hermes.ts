import type { AnswerStream, Reading } from "./answer-stream.ts";
import type { ChatFamily, ParserOptions } from "./chat-family.ts";
import { createChatParser } from "./chat-parser.ts";
import { readCall } from "./read-call.ts";
import { readUntil, skip, skipSpace } from "./read-text.ts";
import { readThinking } from "./read-thinking.ts";

/** Hermes, Qwen 2.5 and 3 and many after them: `<tool_call>\n{"name": …, "arguments": …}\n</tool_call>`. */
export const hermes: ChatFamily = {
  name: "hermes",
  keepSpecial: true,
  createParser: (options) => createChatParser((stream) => read(stream, options), options.newCallId),
  syntax: {
    prefix: "",
    separator: "\n",
    suffix: "",
    call: (name) => ({
      before: `<tool_call>\n{"name": ${JSON.stringify(name)}, "arguments": `,
      after: "}\n</tool_call>",
    }),
    trigger: "<tool_call>",
  },
};

function* read(stream: AnswerStream, { tools, thinking, thinkingOpen }: ParserOptions): Reading<void> {
  if (thinking !== undefined) yield* readThinking(stream, thinking, thinkingOpen);
  if (tools.length === 0) return;
  const emit = (from: number, to: number) => stream.emitText(from, to);
  for (;;) {
    const found = yield* readUntil(stream, { markers: ["<tool_call>"], emit, trim: true });
    if (found === undefined) return;
    yield* readBlock(stream, found.from);
  }
}

/** Reads what follows the tag: usually one call, sometimes several. `from`: where the text not yet emitted begins. */
function* readBlock(stream: AnswerStream, from: number): Reading<void> {
  let kept = from;
  for (;;) {
    yield* skipSpace(stream);
    if ((yield* readCall(stream, () => true)) === "none") break;
    yield* skipSpace(stream);
    stream.section = "answer";
    stream.commit();
    if (yield* skip(stream, "</tool_call>")) return yield* skipSpace(stream);
    kept = stream.at;
  }
  // No call, or no further one: it is shown rather than lost.
  stream.emitText(kept, stream.at);
}
