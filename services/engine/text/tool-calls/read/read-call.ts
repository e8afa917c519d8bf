import type { AnswerStream, Reading } from "../../stream/answer-stream.ts";
import { readString, readValue } from "./read-json.ts";
import { peek, skipSpace } from "../../stream/read-text.ts";

/** called: a call was begun and its object was read. broken: a call was begun, then its object went wrong. */
export type CallResult = "called" | "broken" | "none";

export const nameKeys = ["name", "function", "tool_name"];
const argumentKeys = ["arguments", "parameters", "args", "tool_input"];

/**
 * Reads a call as an object: `{"name": …, "arguments": {…}}`. The call begins when its name is known, from then on its
 * arguments are emitted as they come; until then nothing is, so that after "none" the caller can rewind and show the
 * text. Arguments that are JSON in a string are unwrapped, missing ones are `{}`. Calls that `accept` refuses are none.
 */
export function* readCall(stream: AnswerStream, accept: (name: string) => boolean): Reading<CallResult> {
  const call: CallState = { started: false, waiting: undefined, hasArguments: false, nested: false };
  const complete = yield* readMembers(stream, accept, call);
  if (!call.started) return "none";
  if (complete && !call.hasArguments) stream.emitArguments(stream.at, stream.at, "{}");
  if (complete) stream.endCall();
  return complete ? "called" : "broken";
}

interface CallState {
  started: boolean;
  /** Arguments that came before the name. */
  waiting: Span | undefined;
  hasArguments: boolean;
  /** The call is an object within the object. */
  nested: boolean;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Reads an object's members; false when it is not a call, or goes wrong. */
function* readMembers(stream: AnswerStream, accept: (name: string) => boolean, call: CallState): Reading<boolean> {
  if ((yield* peek(stream)) !== "{") return false;
  do {
    stream.at++;
    yield* skipSpace(stream);
    const key = yield* readString(stream);
    yield* skipSpace(stream);
    if (key === undefined || (yield* peek(stream)) !== ":") return false;
    stream.at++;
    yield* skipSpace(stream);
    if (!(yield* readMember(stream, key, accept, call))) return false;
    yield* skipSpace(stream);
  } while ((yield* peek(stream)) === ",");
  if (stream.char(stream.at) !== "}") return false;
  stream.at++;
  return call.started;
}

function* readMember(
  stream: AnswerStream,
  key: string,
  accept: (name: string) => boolean,
  call: CallState,
): Reading<boolean> {
  const first = yield* peek(stream);
  // {"type": "function", "function": {"name": …}}
  if (key === "function" && first === "{" && !call.nested) {
    call.nested = true;
    return yield* readMembers(stream, accept, call);
  }
  if (nameKeys.includes(key) && !call.started) {
    const name = yield* readString(stream);
    if (name === undefined || name === "" || !accept(name)) return false;
    stream.startCall(name);
    call.started = true;
    if (call.waiting !== undefined) emitWhole(stream, call.waiting, call);
    stream.commit();
    return true;
  }
  if (!argumentKeys.includes(key) || call.hasArguments) return yield* readValue(stream);
  const from = stream.at;
  if (call.started && first === "{") {
    call.hasArguments = true;
    return yield* readValue(stream, (pieceFrom, pieceTo) => {
      stream.emitArguments(pieceFrom, pieceTo);
      stream.commit();
    });
  }
  const complete = yield* readValue(stream);
  const span = { from, to: stream.at };
  if (call.started) emitWhole(stream, span, call);
  else call.waiting = span;
  return complete;
}

function emitWhole(stream: AnswerStream, { from, to }: Span, call: CallState): void {
  const text = stream.slice(from, to);
  const unwrapped = text.startsWith('"') ? unwrap(text) : text;
  // Models write null and "" for no arguments.
  if (unwrapped.trim() === "" || unwrapped === "null") return;
  call.hasArguments = true;
  stream.emitArguments(from, to, unwrapped);
}

function unwrap(json: string): string {
  try {
    return JSON.parse(json) as string;
  } catch {
    return json;
  }
}
