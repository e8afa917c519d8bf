import type { AnswerStream, Reading } from "../../stream/answer-stream.ts";
import type { ParserOptions } from "./tool-parser.ts";
import { type Opening, oneOf } from "../opening.ts";
import { nameKeys, readCall } from "../read/read-call.ts";
import { peek, readUntil, skip, skipOneOf, skipSpace } from "../../stream/read-text.ts";
import { readReasoning } from "../../stream/read-reasoning.ts";

// An answer may well be JSON too: an object is a call only where a line begins with it and it names one of the tools.
const lineStarts = ["\n{", "\n[{", "\n```"];

/**
 * Where the objects that readBareJson takes for calls begin, as models write them: the name first, or behind the type.
 * Those with other members before the name are read all the same.
 */
export function bareOpening(markers: readonly string[] = []): Opening {
  const place = `${oneOf(["\n", ...markers])}${spaced(String.raw` (?:\x60\x60\x60[a-z_]* )?\[? `)}`;
  const key = oneOf(nameKeys.map((name) => JSON.stringify(name)));
  const object = spaced(String.raw`\{ (?:"type" : "function" , )?${key} : `);
  const called = (names: readonly string[]): string => oneOf(names.map((name) => JSON.stringify(name)));
  return { after: "\n", marks: (names) => place + object + called(names), place };
}

/** The pattern with any white space where it has a space. */
function spaced(pattern: string): string {
  return pattern.replaceAll(" ", String.raw`[ \t\r\n]*`);
}

/**
 * Reads an answer whose calls are bare objects: `{"name": …, "parameters": …}`, also several (after one another, in a
 * list), also in a code fence. `markers` are texts that the family sets before a call.
 */
export function* readBareJson(
  stream: AnswerStream,
  { tools, reasoning, reasoningOpen }: ParserOptions,
  markers: readonly string[] = [],
): Reading<void> {
  if (reasoning !== undefined) yield* readReasoning(stream, reasoning, reasoningOpen);
  if (tools.length === 0) return;
  const accept = (name: string) => tools.some((tool) => tool.name === name);
  const emit = (from: number, to: number) => stream.emitText(from, to);
  yield* readCalls(stream, stream.at, accept, markers);
  for (;;) {
    const found = yield* readUntil(stream, { markers: [...markers, ...lineStarts], emit, trim: true });
    if (found === undefined) return;
    stream.rewind(found.from);
    yield* readCalls(stream, found.from, accept, markers);
  }
}

/** Reads calls, if there are any at the cursor; else emits what was looked at. `from`: where unemitted text begins. */
function* readCalls(
  stream: AnswerStream,
  from: number,
  accept: (name: string) => boolean,
  markers: readonly string[],
): Reading<void> {
  yield* skipSpace(stream);
  const marker = yield* skipOneOf(stream, markers);
  const fenced = yield* skip(stream, "```");
  if (fenced) yield* skipOneOf(stream, ["json", "tool_call", "tool_code"]);
  yield* skipSpace(stream);
  const listed = yield* skip(stream, "[");
  let calls = 0;
  let kept = from;
  for (;;) {
    yield* skipSpace(stream);
    if ((yield* readCall(stream, accept)) === "none") break;
    calls++;
    stream.section = "answer";
    yield* skipSpace(stream);
    kept = stream.at;
    if (yield* skipOneOf(stream, [",", ";"])) yield* skipSpace(stream);
    if (marker !== undefined) yield* skipOneOf(stream, markers);
    if ((yield* peek(stream)) !== "{") break;
  }
  if (calls === 0) {
    // At least a character, or the same place would be looked at again.
    stream.at = Math.min(Math.max(stream.at, from + 1), stream.end);
    return stream.emitText(from, stream.at);
  }
  stream.rewind(kept);
  stream.commit();
  if (listed && (yield* skip(stream, "]"))) yield* skipSpace(stream);
  if (fenced && (yield* skip(stream, "```"))) yield* skipSpace(stream);
}
