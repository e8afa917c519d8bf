import { type ExactJson, parseExactJson } from "../../../../../clients/json/exact-json.ts";
import type { ChatToolCall } from "../../chat-messages.ts";
import type { CallForm, Piece } from "./call-form.ts";
import { isObject } from "./value-types.ts";

/** The text of calls in a form, for templates that describe tools and write no calls. */
export function writeCalls(form: CallForm, calls: readonly ChatToolCall[]): string {
  const texts = calls.map((call, i) => {
    const text = (pieces: readonly Piece[]) =>
      pieces.map((piece) => pieceText(piece, call, form.firstIndex + i)).join("");
    return text(form.before) + writeArguments(form, call.argumentsJson) + text(form.after);
  });
  return form.prefix + texts.join(form.separator) + form.suffix;
}

function pieceText(piece: Piece, { name, id }: ChatToolCall, index: number): string {
  if (typeof piece === "string") return piece;
  return piece.slot === "name" ? name : piece.slot === "id" ? id : String(index);
}

function writeArguments({ arguments: form }: CallForm, json: string): string {
  if (form.kind === "json") return json || "{}";
  const values = parsed(json);
  if (values === undefined) return json;
  const entries = Object.entries(values);
  if (form.kind === "inline") {
    const value = (it: ExactJson) => (typeof it === "string" ? form.quote + it + form.quote : JSON.stringify(it));
    return entries.map(([key, it]) => key + form.between + value(it)).join(form.separator);
  }
  const close = (key: string) => form.close.map((piece) => (typeof piece === "string" ? piece : key)).join("");
  const value = (it: ExactJson) => (typeof it === "string" ? it : JSON.stringify(it));
  return entries.map(([key, it]) => form.open + key + form.between.string + value(it) + close(key)).join("");
}

function parsed(json: string): Readonly<Record<string, ExactJson>> | undefined {
  try {
    const value = parseExactJson(json || "{}");
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
