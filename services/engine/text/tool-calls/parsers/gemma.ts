import type { AnswerStream, Reading } from "../../stream/answer-stream.ts";
import type { ToolParser, ParserOptions } from "./tool-parser.ts";
import { createChatParser } from "../../stream/chat-parser.ts";
import { markedBy } from "../opening.ts";
import { readArguments, readMarkedCalls, readName } from "../read/read-calls.ts";
import { readGemmaObject } from "../read/read-gemma-object.ts";
import { skip, skipSpace } from "../../stream/read-text.ts";

interface Dialect {
  readonly open: string;
  readonly close: string;
  /** Stands on both sides of a string. */
  readonly quote: string;
}

const gemma4: Dialect = { open: "<|tool_call>", close: "<tool_call|>", quote: '<|"|>' };
const functionGemma: Dialect = { open: "<start_function_call>", close: "<end_function_call>", quote: "<escape>" };

/** Gemma 4: `<|tool_call>call:name{key:<|"|>text<|"|>}<tool_call|>`; FunctionGemma: the same with other marks. */
export const gemma: ToolParser = {
  name: "gemma",
  keepSpecial: true,
  createParser,
  syntax: syntax(gemma4),
};

export const gemmaFunction: ToolParser = {
  name: "function-gemma",
  keepSpecial: true,
  createParser,
  syntax: syntax(functionGemma),
};

// A grammar can only make the models write the arguments as JSON, not in their own notation: that is read as well.
function syntax({ open, close }: Dialect) {
  const call = (name: string) => ({ before: [`${open}call:${name}`], after: [close] });
  return { prefix: "", separator: "", suffix: "", call, opening: markedBy(open) };
}

function createParser(options: ParserOptions) {
  const dialects = [gemma4, functionGemma];
  const marks = dialects.map(({ open }) => open);
  return createChatParser(
    (stream) =>
      readMarkedCalls(stream, options, marks, (_, { marker, from }) =>
        readGemmaCall(stream, from, marker === gemma4.open ? gemma4 : functionGemma),
      ),
    options.newCallId,
  );
}

function* readGemmaCall(stream: AnswerStream, from: number, { close, quote }: Dialect): Reading<void> {
  yield* skipSpace(stream);
  yield* skip(stream, "call:");
  const name = yield* readName(stream);
  yield* skipSpace(stream);
  const read = (yield* standsAtJson(stream)) ? readArguments(stream, name) : readGemmaObject(stream, name, quote);
  if (!(yield* read)) return stream.emitText(from, stream.at);
  yield* skipSpace(stream);
  yield* skip(stream, close);
  yield* skipSpace(stream);
}

function* standsAtJson(stream: AnswerStream): Reading<boolean> {
  const from = stream.at;
  const opened = yield* skip(stream, "{");
  yield* skipSpace(stream);
  const stands = opened && (yield* skip(stream, '"'));
  stream.rewind(from);
  return stands;
}
