import type { AnswerStream, Reading } from "../../stream/answer-stream.ts";
import { readValue } from "./read-json.ts";
import { peek, readUntil, skip, skipSpace } from "../../stream/read-text.ts";

/** The template writes what it does not know as Python does. */
const pythonWords: Readonly<Record<string, string>> = { True: "true", False: "false", None: "null" };
const bareWord = /[^\s,:{}[\]<"]/;

/**
 * Reads the arguments of a call in Gemma's notation, `{key:<|"|>text<|"|>,list:[1,true]}`, and emits them as JSON while
 * they come. false, with nothing emitted, when no object stands at the cursor.
 */
export function* readGemmaObject(stream: AnswerStream, name: string, quote: string): Reading<boolean> {
  if (name === "" || (yield* peek(stream)) !== "{") return false;
  stream.startCall(name);
  let depth = 0;
  do {
    yield* skipSpace(stream);
    const from = stream.at;
    const char = yield* peek(stream);
    if (char === "") break;
    if (char === '"' && quote !== '"') {
      // A text as JSON has it.
      yield* readValue(stream);
      stream.emitArguments(from, stream.at);
    } else if (yield* skip(stream, quote)) {
      yield* readQuoted(stream, from, quote);
    } else if (bareWord.test(char)) {
      yield* readWord(stream);
    } else {
      stream.at++;
      if (char === "{" || char === "[") depth++;
      if (char === "}" || char === "]") depth--;
      // Any other character (a stray quote, an angle bracket) is passed on: the arguments are as broken as they were.
      stream.emitArguments(from, stream.at, char === "," || char === ":" ? `${char} ` : char);
    }
    stream.commit();
  } while (depth > 0);
  if (depth === 0) stream.endCall();
  return true;
}

function* readQuoted(stream: AnswerStream, from: number, quote: string): Reading<void> {
  stream.emitArguments(from, stream.at, '"');
  const emit = (start: number, end: number) => {
    stream.emitArguments(start, end, JSON.stringify(stream.slice(start, end)).slice(1, -1));
  };
  const closed = yield* readUntil(stream, { markers: [quote], emit, trim: false });
  if (closed !== undefined) stream.emitArguments(closed.from, stream.at, '"');
}

/** A key, a number, a literal, or a text that the model forgot to quote. */
function* readWord(stream: AnswerStream): Reading<void> {
  const from = stream.at;
  for (let char = yield* peek(stream); char !== "" && bareWord.test(char); char = yield* peek(stream)) stream.at++;
  const word = stream.slice(from, stream.at);
  const end = stream.at;
  yield* skipSpace(stream);
  const isKey = (yield* peek(stream)) === ":";
  const isJson = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/.test(word);
  const json = pythonWords[word] ?? (isJson ? word : JSON.stringify(word));
  stream.emitArguments(from, end, isKey ? JSON.stringify(word) : json);
}
