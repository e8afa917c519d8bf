import type { ChatTool } from "../../chat-messages.ts";
import type { AnswerStream, Reading } from "../../stream/answer-stream.ts";
import { readUntil, skipOneOf, skipSpace } from "../../stream/read-text.ts";
import { readReasoning } from "../../stream/read-reasoning.ts";
import type { ParserOptions } from "../parsers/tool-parser.ts";
import { readArguments } from "../read/read-calls.ts";
import { readCall } from "../read/read-call.ts";
import type { CallForm } from "./call-form.ts";
import { readInline, readTagged } from "./read-arguments.ts";
import { readPieces, skipLoosely } from "./skip-loosely.ts";

/** A form with what its reader looks for. */
export interface ReadableForm {
  readonly form: CallForm;
  /** Texts of which one stands at the beginning of every call; none is part of another. */
  readonly markers: readonly string[];
  /** What stands around a call that is a JSON object with the name in it; undefined: it is none. */
  readonly object: { readonly before: string; readonly after: string } | undefined;
}

/** Reads reasoning, then text with calls in it. What looks like a call and is none stays the text that it is. */
export function* readDerivedCalls(
  stream: AnswerStream,
  readable: ReadableForm,
  { tools, reasoning, reasoningOpen }: ParserOptions,
): Reading<void> {
  if (reasoning !== undefined) yield* readReasoning(stream, reasoning, reasoningOpen);
  if (tools.length === 0) return;
  const emit = (from: number, to: number) => stream.emitText(from, to);
  for (;;) {
    const found = yield* readUntil(stream, { markers: readable.markers, emit, trim: true });
    if (found === undefined) return;
    const behind = stream.at;
    stream.rewind(behind - found.marker.length);
    const calls = yield* readCalls(stream, readable, tools);
    stream.section = "answer";
    if (calls > 0) continue;
    // An answer that ends within what may become a call is cut: its markup is nobody's text.
    if (stream.ended && stream.reached >= stream.end) {
      stream.rewind(stream.end);
      return stream.commit();
    }
    stream.rewind(behind);
    stream.emitText(found.from, behind);
    stream.commit();
  }
}

/** Reads calls at the cursor, one after another, and what closes them. */
function* readCalls(stream: AnswerStream, readable: ReadableForm, tools: readonly ChatTool[]): Reading<number> {
  const { markers, object } = readable;
  const { prefix, separator, suffix } = readable.form;
  let calls = 0;
  for (;;) {
    const from = stream.at;
    yield* skipSpace(stream);
    if (prefix.trim() !== "" && !(yield* skipLoosely(stream, prefix))) {
      // Models leave out a list's bracket behind the marker, and put one pair of tags around several calls.
      yield* skipOneOf(stream, object === undefined ? [] : markers);
    }
    if (!(yield* readOne(stream, readable, tools))) {
      stream.rewind(from);
      return calls;
    }
    calls++;
    stream.section = "answer";
    if (suffix.trim() !== "" && (yield* skipLoosely(stream, suffix))) yield* skipSpace(stream);
    else if (separator.trim() !== "") yield* skipLoosely(stream, separator);
    yield* skipSpace(stream);
    stream.commit();
  }
}

function* readOne(stream: AnswerStream, { form, object }: ReadableForm, tools: readonly ChatTool[]): Reading<boolean> {
  const from = stream.at;
  const names = tools.map((tool) => tool.name);
  const isTool = (name: string) => names.includes(name);
  if (object !== undefined) {
    if (object.before.trim() !== "") yield* skipLoosely(stream, object.before);
    yield* skipSpace(stream);
    const result = yield* readCall(stream, isTool);
    if (result === "none") {
      stream.reach(stream.at);
      stream.rewind(from);
      return false;
    }
    if (object.after.trim() !== "") yield* skipLoosely(stream, object.after);
    return true;
  }
  const slots =
    (yield* readPieces(stream, form.before, names)) ?? (yield* readPieces(stream, withoutOuter(form), names));
  if (slots?.name === undefined) {
    stream.rewind(from);
    return false;
  }
  const { name } = slots;
  const schema = tools.find((tool) => tool.name === name)?.parameters;
  yield* skipSpace(stream);
  if (form.arguments.kind === "json") {
    if (!(yield* readArguments(stream, name))) {
      stream.reach(stream.at);
      stream.rewind(from);
      return false;
    }
  } else {
    stream.startCall(name);
    stream.commit();
    const read = form.arguments.kind === "tagged" ? readTagged : readInline;
    if (!(yield* read(stream, form.arguments as never, schema))) return true;
    stream.endCall();
  }
  yield* readPieces(stream, form.after, names);
  yield* skipAfterInner(stream, form);
  return true;
}

/** What a call begins with when the model leaves out the tags around it: from the last tag before the name on. */
function withoutOuter({ before }: CallForm): CallForm["before"] {
  const [first, ...rest] = before;
  if (typeof first !== "string") return before;
  const inner = /<[^<>]*$|<[^<>]*>[^<>]*$/.exec(first);
  return inner === null ? before : [inner[0], ...rest];
}

/** The first closing tag, where the model leaves out or changes what stands around it. */
function* skipAfterInner(stream: AnswerStream, { after }: CallForm): Reading<void> {
  const text = after.map((piece) => (typeof piece === "string" ? piece : "")).join("");
  for (const [tag] of text.matchAll(/<\/[^<>]*>/g)) yield* skipLoosely(stream, tag);
}
