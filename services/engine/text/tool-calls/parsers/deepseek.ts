import type { AnswerStream, Reading } from "../../stream/answer-stream.ts";
import type { ToolParser, ParserOptions, ToolSyntax } from "./tool-parser.ts";
import { createChatParser } from "../../stream/chat-parser.ts";
import { markedBy } from "../opening.ts";
import { readArguments, readMarkedCalls, readName } from "../read/read-calls.ts";
import { skip, skipSpace } from "../../stream/read-text.ts";

const begin = "<｜tool▁calls▁begin｜>";
const end = "<｜tool▁calls▁end｜>";
const callBegin = "<｜tool▁call▁begin｜>";
const callEnd = "<｜tool▁call▁end｜>";
const separator = "<｜tool▁sep｜>";

/** DeepSeek V3 and R1: each call is `function<sep>name\n` and its arguments in a JSON fence. */
export const deepseek: ToolParser = {
  name: "deepseek",
  keepSpecial: true,
  createParser,
  syntax: syntax((name) => ({
    before: `${callBegin}function${separator}${name}\n\`\`\`json\n`,
    after: `\n\`\`\`${callEnd}`,
  })),
};

/** DeepSeek V3.1: each call is `name<sep>{…}`. */
export const deepseek31: ToolParser = {
  name: "deepseek-v3.1",
  keepSpecial: true,
  createParser,
  syntax: syntax((name) => ({ before: `${callBegin}${name}${separator}`, after: callEnd })),
};

function syntax(call: ToolSyntax["call"]): ToolSyntax {
  return { prefix: begin, separator: "", suffix: end, call, opening: markedBy(begin, callBegin) };
}

// The distilled models now and then leave out the outer markers.
function createParser(options: ParserOptions) {
  return createChatParser(
    (stream) =>
      readMarkedCalls(stream, options, [begin, callBegin], (_, { marker, from }) => {
        if (marker === callBegin) stream.rewind(stream.at - callBegin.length);
        return readBlock(stream, from);
      }),
    options.newCallId,
  );
}

function* readBlock(stream: AnswerStream, from: number): Reading<void> {
  let kept = from;
  for (;;) {
    yield* skipSpace(stream);
    if (yield* skip(stream, end)) return yield* skipSpace(stream);
    if (!(yield* skip(stream, callBegin)) || !(yield* readBlockCall(stream))) break;
    stream.section = "answer";
    stream.commit();
    kept = stream.at;
  }
  stream.emitText(kept, stream.at);
}

function* readBlockCall(stream: AnswerStream): Reading<boolean> {
  let name = yield* readName(stream);
  if (!(yield* skip(stream, separator))) return false;
  yield* skipSpace(stream);
  // V3 says the kind of tool first. A tool of V3.1 that is called "function" is followed by its arguments.
  if (name === "function") name = (yield* readName(stream)) || name;
  yield* skipSpace(stream);
  const fenced = yield* skip(stream, "```json");
  yield* skipSpace(stream);
  if (!(yield* readArguments(stream, name))) return false;
  yield* skipSpace(stream);
  if (fenced) yield* skip(stream, "```");
  yield* skipSpace(stream);
  yield* skip(stream, callEnd);
  yield* skipSpace(stream);
  return true;
}
