import type { ExactJson } from "../../../../../clients/json/exact-json.ts";
import type { AnswerStream, Reading } from "../../stream/answer-stream.ts";
import { peek, readUntil, skip, skipSpace } from "../../stream/read-text.ts";
import { readName } from "../read/read-calls.ts";
import { type InlineArguments, type Piece, type TaggedArguments, valueTypes, type ValueType } from "./call-form.ts";
import { pythonToJson } from "./python-literal.ts";
import { tagsToJson } from "./nested-tags.ts";
import { skipLoosely } from "./skip-loosely.ts";
import { valueJson } from "./value-json.ts";
import { propertySchema } from "./value-types.ts";

/** Emits the arguments of a call that has begun as JSON, one after another. false: the text ended within one. */
export function* readTagged(
  stream: AnswerStream,
  form: TaggedArguments,
  schema: ExactJson | undefined,
): Reading<boolean> {
  let before = "{";
  // Where an argument's tag has its name, so have those of values within it.
  const isKeyed = form.close.some((piece) => typeof piece !== "string");
  const noise = typeof form.close[0] === "string" ? form.close[0].replace(/<\/$/, "") : "";
  for (;;) {
    const from = stream.at;
    if (!(yield* skipLoosely(stream, form.open))) break;
    const key = yield* readKey(stream, form);
    const said = yield* readBetween(stream, form);
    // Where a tag is an argument's name, the end of the call looks like one.
    if (key === "" || key.startsWith("/") || said === undefined) {
      stream.rewind(from);
      break;
    }
    const text = yield* readTaggedValue(
      stream,
      fillKey(form.close, key),
      [...said.values()].some((it) => it.endsWith("\n")),
    );
    if (text === undefined) return false;
    const nested = isKeyed ? tagsToJson(text.replaceAll(noise, "")) : undefined;
    const types = said.size === valueTypes.length ? undefined : new Set(said.keys());
    const json = nested ?? valueJson(text, propertySchema(schema, key), types);
    stream.emitArguments(from, stream.at, `${before}${JSON.stringify(key)}: ${json}`);
    stream.commit();
    before = ", ";
  }
  stream.emitArguments(stream.at, stream.at, before === "{" ? "{}" : "}");
  return true;
}

function* readKey(stream: AnswerStream, { between }: TaggedArguments): Reading<string> {
  const stops = valueTypes.map((type) => between[type].trimStart().charAt(0));
  const from = stream.at;
  for (
    let char = yield* peek(stream);
    char !== "" && char !== "\n" && !stops.includes(char);
    char = yield* peek(stream)
  ) {
    stream.at++;
  }
  return stream.slice(from, stream.at).trim();
}

/** The types whose markup stands between name and value, with what it is; undefined: none does. */
function* readBetween(
  stream: AnswerStream,
  { between }: TaggedArguments,
): Reading<ReadonlyMap<ValueType, string> | undefined> {
  const texts = [...new Set(valueTypes.map((type) => between[type]))].toSorted((a, b) => b.length - a.length);
  for (const text of texts) {
    if (!(yield* skip(stream, text)) && !(yield* skipLoosely(stream, text))) continue;
    return new Map(valueTypes.filter((type) => between[type] === text).map((type) => [type, text]));
  }
  return undefined;
}

/** The text up to the closing tag, which the cursor moves over; undefined: the text ended without one. */
function* readTaggedValue(stream: AnswerStream, close: string, onLines: boolean): Reading<string | undefined> {
  const pieces: string[] = [];
  const emit = (from: number, to: number) => pieces.push(stream.slice(from, to));
  const cdata = yield* skip(stream, "<![CDATA[");
  if (cdata) {
    const ended = yield* readUntil(stream, { markers: ["]]>"], emit, trim: false });
    return ended !== undefined && (yield* skipLoosely(stream, close)) ? pieces.join("") : undefined;
  }
  if ((yield* readUntil(stream, { markers: [close.trimStart()], emit, trim: false })) === undefined) return undefined;
  const text = pieces.join("");
  const space = close.slice(0, close.length - close.trimStart().length);
  const trimmed = space !== "" && text.endsWith(space) ? text.slice(0, -space.length) : text;
  return onLines && trimmed.startsWith("\n") && text === trimmed ? trimmed.slice(1) : trimmed;
}

function fillKey(pieces: readonly Piece[], key: string): string {
  return pieces.map((piece) => (typeof piece === "string" ? piece : piece.slot === "key" ? key : "")).join("");
}

/** The same for `name=value, name=value`. */
export function* readInline(
  stream: AnswerStream,
  form: InlineArguments,
  schema: ExactJson | undefined,
): Reading<boolean> {
  let before = "{";
  for (;;) {
    const from = stream.at;
    yield* skipSpace(stream);
    const key = yield* readName(stream);
    if (key === "" || !(yield* skipLoosely(stream, form.between))) {
      stream.rewind(from);
      break;
    }
    yield* skipSpace(stream);
    const quote = yield* readQuote(stream, form);
    const text = quote === undefined ? yield* readBare(stream) : yield* readQuoted(stream, quote, form.escapes);
    if (text === undefined) return false;
    const json =
      quote === undefined
        ? (pythonToJson(text.trim()) ?? valueJson(text.trim(), propertySchema(schema, key)))
        : JSON.stringify(text);
    stream.emitArguments(from, stream.at, `${before}${JSON.stringify(key)}: ${json}`);
    stream.commit();
    before = ", ";
    yield* skipSpace(stream);
    if (!(yield* skip(stream, form.separator.trim()))) break;
  }
  stream.emitArguments(stream.at, stream.at, before === "{" ? "{}" : "}");
  return true;
}

function* readQuote(stream: AnswerStream, { quote }: InlineArguments): Reading<string | undefined> {
  for (const mark of new Set([quote, "'", '"'])) if (yield* skip(stream, mark)) return mark;
  return undefined;
}

/** A text up to the quote that something of the call follows: templates write quotes within texts as they are. */
function* readQuoted(stream: AnswerStream, quote: string, escapes: boolean): Reading<string | undefined> {
  let text = "";
  for (;;) {
    const char = yield* peek(stream);
    if (char === "") return undefined;
    const at = stream.at;
    if (yield* skip(stream, quote)) {
      const end = stream.at;
      yield* skipSpace(stream);
      if (quote.length > 1 || [",", ")", "}", "]"].includes(yield* peek(stream))) {
        stream.rewind(end);
        return text;
      }
      stream.rewind(at + 1);
      text += char;
    } else if (char === "\\" && escapes && quote.length === 1) {
      stream.at++;
      const escaped = yield* peek(stream);
      stream.at++;
      text += { n: "\n", t: "\t", r: "\r", "\\": "\\", "'": "'", '"': '"' }[escaped] ?? `\\${escaped}`;
    } else {
      stream.at++;
      text += char;
    }
  }
}

/** A number, a word, a list or a dictionary: up to what is outside of its brackets. */
function* readBare(stream: AnswerStream): Reading<string | undefined> {
  const from = stream.at;
  let depth = 0;
  let quote = "";
  for (;;) {
    const char = yield* peek(stream);
    if (char === "") return undefined;
    if (quote !== "") {
      if (char === "\\") stream.at++;
      else if (char === quote) quote = "";
    } else if (char === "'" || char === '"') quote = char;
    else if ("[{(".includes(char)) depth++;
    else if ("]})".includes(char) && depth > 0) depth--;
    else if (depth === 0 && ",)]}".includes(char)) return stream.slice(from, stream.at);
    stream.at++;
  }
}
