import { Dict } from "./dict.ts";
import { parseInteger } from "./number-text.ts";
import type { Value } from "./value.ts";

const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?/y;
const string = /"[^"\\\0-\x1f]*(?:\\.[^"\\\0-\x1f]*)*"/sy;
const space = /[ \t\n\r]*/y;
const words: readonly (readonly [text: string, value: null | boolean])[] = [
  ["true", true],
  ["false", false],
  ["null", null],
];
const maxDepth = 200;

/**
 * Reads JSON as Python's json.loads does, to the digit: integers of any length, `1.0` as a float, keys in their order
 * (of two equal ones the last value). undefined: it is not JSON.
 */
export function parseJson(text: string): Value | undefined {
  const reader = new Reader(text);
  return reader.document();
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): Value | undefined {
    const value = this.#value(0);
    this.#match(space);
    return this.#at === this.#text.length ? value : undefined;
  }

  #value(depth: number): Value | undefined {
    this.#match(space);
    const char = this.#text.charAt(this.#at);
    if (char === '"') return this.#string();
    if (depth < maxDepth && this.#skip("{")) return this.#object(depth + 1);
    if (depth < maxDepth && this.#skip("[")) return this.#array(depth + 1);
    for (const [word, value] of words) if (this.#skip(word)) return value;
    const found = this.#match(number);
    if (found === undefined) return undefined;
    const isInteger = found[1] === undefined && found[2] === undefined;
    return isInteger && found[0].length < 4300 ? parseInteger(found[0]) : Number(found[0]);
  }

  #object(depth: number): Value | undefined {
    const entries: [Value, Value][] = [];
    if (this.#skipClosing("}")) return new Dict(entries);
    do {
      this.#match(space);
      const key = this.#string();
      this.#match(space);
      if (key === undefined || !this.#skip(":")) return undefined;
      const value = this.#value(depth);
      if (value === undefined) return undefined;
      entries.push([key, value]);
      this.#match(space);
    } while (this.#skip(","));
    return this.#skip("}") ? new Dict(entries) : undefined;
  }

  #array(depth: number): Value | undefined {
    const items: Value[] = [];
    if (this.#skipClosing("]")) return items;
    do {
      const value = this.#value(depth);
      if (value === undefined) return undefined;
      items.push(value);
      this.#match(space);
    } while (this.#skip(","));
    return this.#skip("]") ? items : undefined;
  }

  #skipClosing(bracket: string): boolean {
    this.#match(space);
    return this.#skip(bracket);
  }

  #string(): string | undefined {
    const found = this.#match(string);
    if (found === undefined) return undefined;
    try {
      return JSON.parse(found[0]) as string;
    } catch {
      return undefined;
    }
  }

  #skip(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }
}
