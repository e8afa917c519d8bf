import type { AnswerStream, Reading } from "../../stream/answer-stream.ts";
import type { ToolParser, ParserOptions } from "./tool-parser.ts";
import { createChatParser } from "../../stream/chat-parser.ts";
import { markedBy } from "../opening.ts";
import { readArguments, readCallObjects, readMarkedCalls, readName } from "../read/read-calls.ts";
import { peek, skip, skipSpace } from "../../stream/read-text.ts";

const marker = "[TOOL_CALLS]";

/** Mistral 7B v0.3, Nemo, Large 2: `[TOOL_CALLS][{"name": …, "arguments": …}, …]`. */
export const mistral: ToolParser = {
  name: "mistral",
  keepSpecial: true,
  createParser,
  syntax: {
    prefix: `${marker}[`,
    separator: ", ",
    suffix: "]",
    call: (name) => ({ before: `{"name": ${JSON.stringify(name)}, "arguments": `, after: "}" }),
    opening: markedBy(marker),
  },
};

/** Mistral Small 3.2, Magistral, Devstral and later: `[TOOL_CALLS]name[ARGS]{…}` for each call. */
export const mistralArgs: ToolParser = {
  name: "mistral-args",
  keepSpecial: true,
  createParser,
  syntax: {
    prefix: "",
    separator: "",
    suffix: "",
    call: (name) => ({ before: `${marker}${name}[ARGS]`, after: "" }),
    opening: markedBy(marker),
  },
};

// Models of either kind also write the other's way, so both are read.
function createParser(options: ParserOptions) {
  return createChatParser(
    (stream) => readMarkedCalls(stream, options, [marker], (_, { from }) => readBlock(stream, from)),
    options.newCallId,
  );
}

function* readBlock(stream: AnswerStream, from: number): Reading<void> {
  yield* skipSpace(stream);
  if (yield* skip(stream, "[")) return yield* readCallObjects(stream, from, "]");
  if ((yield* peek(stream)) === "{") return yield* readCallObjects(stream, from, "]");
  const name = yield* readName(stream);
  // Small 3.2's template has the call's id here; we give our own.
  if (yield* skip(stream, "[CALL_ID]")) yield* readName(stream);
  yield* skip(stream, "[ARGS]");
  yield* skipSpace(stream);
  if (!(yield* readArguments(stream, name))) return stream.emitText(from, stream.at);
  yield* skipSpace(stream);
}
