import type { ExactJson } from "./exact-json.ts";
import { exactNumber } from "./exact-number.ts";
import { orderedObject } from "./ordered-object.ts";

const maxDepth = 1_000;
const whitespace = /[ \t\n\r]*/y;
const numberText = /-?[\d.eE+-]+/y;

/** Reads text that JSON.parse has accepted. Throws SyntaxError where it nests too deep for whoever walks it next. */
export function readExactly(text: string): ExactJson {
  let at = 0;
  return value(0);

  function value(depth: number): ExactJson {
    if (depth > maxDepth) throw new SyntaxError(`JSON nests deeper than ${maxDepth} levels`);
    skipSpace();
    switch (text[at]) {
      case "{":
        return object(depth);
      case "[":
        return array(depth);
      case '"':
        return string();
      case "t":
        return word("true", true);
      case "f":
        return word("false", false);
      case "n":
        return word("null", null);
      default:
        return exactNumber(take(numberText));
    }
  }

  function object(depth: number): ExactJson {
    const members: [string, ExactJson][] = [];
    at++;
    while (closes("}")) {
      const name = string();
      skipSpace();
      at++;
      members.push([name, value(depth + 1)]);
    }
    return orderedObject(members);
  }

  function array(depth: number): ExactJson {
    const items: ExactJson[] = [];
    at++;
    while (closes("]")) items.push(value(depth + 1));
    return items;
  }

  /** Steps over what stands between the parts; false at the end, which is stepped over too. */
  function closes(end: string): boolean {
    skipSpace();
    if (text[at] === ",") at++;
    skipSpace();
    if (text[at] !== end) return true;
    at++;
    return false;
  }

  function string(): string {
    const end = stringEnd(text, at);
    const written = text.slice(at, end);
    at = end;
    return written.includes("\\") ? (JSON.parse(written) as string) : written.slice(1, -1);
  }

  function word<T>(written: string, meant: T): T {
    at += written.length;
    return meant;
  }

  function skipSpace(): void {
    take(whitespace);
  }

  function take(pattern: RegExp): string {
    pattern.lastIndex = at;
    const [found = ""] = pattern.exec(text) ?? [];
    at += found.length;
    return found;
  }
}

/** Where the string that begins at `from` ends, behind its quote. */
export function stringEnd(text: string, from: number): number {
  for (let end = text.indexOf('"', from + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text[end - 1 - slashes] === "\\") slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
  return text.length;
}
