import type { AnswerStream, Reading } from "../../stream/answer-stream.ts";
import { peek } from "../../stream/read-text.ts";

/** Reads a JSON string at the cursor; undefined, the cursor anywhere, when there is none. */
export function* readString(stream: AnswerStream): Reading<string | undefined> {
  const from = stream.at;
  if ((yield* peek(stream)) !== '"' || !(yield* readValue(stream))) return undefined;
  try {
    return JSON.parse(stream.slice(from, stream.at)) as string;
  } catch {
    return undefined;
  }
}

/**
 * Moves over one JSON value, of which only strings and brackets are looked at: whether it is valid is for the caller's
 * reader to find. `emit` takes it piece by piece as it comes. false when the text ends within it.
 */
export function* readValue(stream: AnswerStream, emit?: (from: number, to: number) => void): Reading<boolean> {
  let emitted = stream.at;
  let depth = 0;
  let inString = false;
  let escaped = false;
  const flush = () => {
    if (stream.at > emitted) emit?.(emitted, stream.at);
    emitted = stream.at;
  };
  for (;;) {
    if (stream.at >= stream.end) {
      flush();
      if (stream.ended) return false;
      yield;
      continue;
    }
    const char = stream.char(stream.at);
    if (inString) {
      stream.at++;
      if (escaped) escaped = false;
      else if (char === "\\") escaped = true;
      else if (char === '"') inString = false;
      if (inString || depth > 0) continue;
    } else if (char === '"') {
      stream.at++;
      inString = true;
      continue;
    } else if (char === "{" || char === "[") {
      stream.at++;
      depth++;
      continue;
    } else if (depth > 0) {
      stream.at++;
      if (char === "}" || char === "]") depth--;
      if (depth > 0) continue;
    } else if (!/[\s,:\]}]/.test(char)) {
      // A number or a word.
      stream.at++;
      continue;
    }
    flush();
    return true;
  }
}
