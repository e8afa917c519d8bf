import { mayLoseSomething } from "./exact-json.ts";
import { stringEnd } from "./exact-reader.ts";

/** Objects and arrays whose text says more than they do. */
const sources = new WeakMap<object, string>();

/**
 * JSON.parse, with the text of every object and array in it kept for `jsonText` as long as they live. For what is read
 * as plain values here, but holds JSON (schemas, arguments) that others must get as it was written.
 */
export function parseKeepingText(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (typeof value === "object" && value !== null && mayLoseSomething(text)) keepTexts(value, text);
  return value;
}

/** A value as JSON: as it was written, where it came out of `parseKeepingText`. */
export function jsonText(value: unknown): string {
  const source = typeof value === "object" && value !== null ? sources.get(value) : undefined;
  return source ?? JSON.stringify(value);
}

interface Open {
  readonly value: unknown;
  readonly from: number;
  /** Where in `value` what comes next belongs. */
  key: string | number;
}

/** Walks through the text and what it was parsed to side by side. */
function keepTexts(root: unknown, text: string): void {
  const tokens = /[{}[\]",]/g;
  const open: Open[] = [];
  for (let found = tokens.exec(text); found !== null; found = tokens.exec(text)) {
    const at = found.index;
    const inner = open.at(-1);
    switch (found[0]) {
      case '"': {
        const end = stringEnd(text, at);
        tokens.lastIndex = end;
        if (inner && typeof inner.key === "string" && isName(text, end))
          inner.key = JSON.parse(text.slice(at, end)) as string;
        break;
      }
      case ",":
        if (inner && typeof inner.key === "number") inner.key++;
        break;
      case "{":
      case "[":
        open.push({ value: inner ? memberOf(inner) : root, from: at, key: found[0] === "[" ? 0 : "" });
        break;
      default: {
        const closed = open.pop();
        // A name that comes twice leaves one value for two texts, of which the last counts.
        if (closed && typeof closed.value === "object" && closed.value !== null)
          sources.set(closed.value, text.slice(closed.from, at + 1));
      }
    }
  }
}

function isName(text: string, end: number): boolean {
  while (" \t\n\r".includes(text[end] ?? "end")) end++;
  return text[end] === ":";
}

function memberOf({ value, key }: Open): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string | number, unknown>>)[key];
}
