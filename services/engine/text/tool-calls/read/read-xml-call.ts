import type { ExactJson } from "../../../../../clients/json/exact-json.ts";
import type { ChatTool } from "../../chat-messages.ts";
import type { AnswerStream, Reading } from "../../stream/answer-stream.ts";
import { readName } from "./read-calls.ts";
import { readUntil, skip, skipSpace } from "../../stream/read-text.ts";

/**
 * Reads the call that follows `<function=`: `NAME>`, `<parameter=KEY>\nVALUE\n</parameter>` …, `</function>` (Qwen 3
 * Coder, Qwen 3.5). Values become JSON by the types in the tool's schema, one after another. false, with nothing
 * emitted, when it is no call.
 */
export function* readXmlCall(stream: AnswerStream, tools: readonly ChatTool[]): Reading<boolean> {
  const name = yield* readName(stream);
  if (name === "" || !(yield* skip(stream, ">"))) return false;
  const schema = tools.find((tool) => tool.name === name)?.parameters;
  stream.startCall(name);
  let before = "{";
  for (;;) {
    yield* skipSpace(stream);
    const from = stream.at;
    if (!(yield* skip(stream, "<parameter="))) break;
    const pieces: string[] = [];
    const emit = (start: number, end: number) => pieces.push(stream.slice(start, end));
    yield* readUntil(stream, { markers: ["</parameter>"], emit, trim: false });
    const [, key = "", value = ""] = /^([^>]*)>\n?(.*?)\n?$/s.exec(pieces.join("")) ?? [];
    stream.emitArguments(
      from,
      stream.at,
      `${before}${JSON.stringify(key)}: ${valueJson(value, propertyType(schema, key))}`,
    );
    before = ", ";
  }
  stream.emitArguments(stream.at, stream.at, before === "{" ? "{}" : "}");
  yield* skip(stream, "</function>");
  return true;
}

function propertyType(schema: ExactJson | undefined, key: string): ExactJson | undefined {
  return member(member(member(schema, "properties"), key), "type");
}

function member(value: ExactJson | undefined, key: string): ExactJson | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as { readonly [name: string]: ExactJson })[key];
}

function valueJson(text: string, type: ExactJson | undefined): string {
  if (type === "string") return JSON.stringify(text);
  // Python's words for JSON's.
  const json = { True: "true", False: "false", None: "null" }[text.trim()] ?? text;
  try {
    JSON.parse(json);
    return json.trim();
  } catch {
    return JSON.stringify(text);
  }
}
