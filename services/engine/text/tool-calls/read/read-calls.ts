import type { AnswerStream, Reading } from "../../stream/answer-stream.ts";
import type { ParserOptions } from "../parsers/tool-parser.ts";
import { readValue } from "./read-json.ts";
import { peek, readUntil, type FoundMarker } from "../../stream/read-text.ts";
import { readReasoning } from "../../stream/read-reasoning.ts";

/** Reads what stands behind a marker; what it does not emit itself of the text from `found.from` on is lost. */
export type ReadMarked = (stream: AnswerStream, found: FoundMarker) => Reading<void>;

/** Reads reasoning, then text with calls behind markers in it, of which none may be part of another. */
export function* readMarkedCalls(
  stream: AnswerStream,
  { tools, reasoning, reasoningOpen }: ParserOptions,
  markers: readonly string[],
  read: ReadMarked,
): Reading<void> {
  if (reasoning !== undefined) yield* readReasoning(stream, reasoning, reasoningOpen);
  if (tools.length === 0) return;
  const emit = (from: number, to: number) => stream.emitText(from, to);
  for (;;) {
    const found = yield* readUntil(stream, { markers, emit, trim: true });
    if (found === undefined) return;
    yield* read(stream, found);
    stream.section = "answer";
  }
}

/** Reads a function's name; "" when none stands at the cursor. */
export function* readName(stream: AnswerStream, stop?: string): Reading<string> {
  const from = stream.at;
  for (let char = yield* peek(stream); /[\w.:/-]/.test(char) && char !== stop; char = yield* peek(stream)) stream.at++;
  return stream.slice(from, stream.at);
}

/** Reads the arguments object of a call whose name is known. false, with nothing emitted, when there is none. */
export function* readArguments(stream: AnswerStream, name: string): Reading<boolean> {
  if (name === "" || (yield* peek(stream)) !== "{") return false;
  stream.startCall(name);
  const whole = yield* readValue(stream, (from, to) => {
    stream.emitArguments(from, to);
    stream.commit();
  });
  if (whole) stream.endCall();
  return true;
}
