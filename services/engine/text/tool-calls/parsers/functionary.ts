import type { AnswerStream, Reading } from "../../stream/answer-stream.ts";
import type { ToolParser, ParserOptions } from "./tool-parser.ts";
import { createChatParser } from "../../stream/chat-parser.ts";
import { usualSpacing } from "../derived/call-form.ts";
import { oneOf } from "../opening.ts";
import { readArguments, readName } from "../read/read-calls.ts";
import { readUntil, skip, skipSpace } from "../../stream/read-text.ts";

/**
 * Functionary v3.2: every piece of an answer is addressed, `>>>all\ntext` or `>>>name\n{…}`. The prompt ends with the
 * first `>>>`.
 */
export const functionary32: ToolParser = {
  name: "functionary-v3.2",
  // What stands before the first name is in the prompt, before all others it is not.
  ownSyntax: true,
  textPrefix: "all\n",
  keepSpecial: false,
  createParser: (options) => createChatParser((stream) => readAddressed(stream, options), options.newCallId),
  syntax: {
    prefix: "",
    separator: ">>>",
    suffix: "",
    spacing: usualSpacing,
    call: (name) => ({ before: [`${name}\n`], after: [""] }),
    opening: { after: ">>>", marks: (names) => `>>>${oneOf(names)}\n`, place: ">>>" },
  },
};

function* readAddressed(stream: AnswerStream, { tools }: ParserOptions): Reading<void> {
  const emit = (from: number, to: number) => stream.emitText(from, to);
  /** Where text begins that is not emitted: an address, and what stands before it. */
  let from = stream.at;
  for (;;) {
    const at = stream.at;
    const name = yield* readName(stream);
    const addressed = yield* skip(stream, "\n");
    const isCall = addressed && tools.some((tool) => tool.name === name);
    if (isCall && (yield* readArguments(stream, name))) {
      yield* skipSpace(stream);
    } else if (!addressed || name !== "all" || isCall) {
      // No address: what looked like one is the text that it is.
      stream.rewind(at);
      emit(from, at);
    }
    stream.section = "answer";
    const found = yield* readUntil(stream, { markers: [">>>"], emit, trim: true });
    if (found === undefined) return;
    from = found.from;
  }
}
