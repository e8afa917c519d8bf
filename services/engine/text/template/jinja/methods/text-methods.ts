import { runtimeError } from "../jinja-error.ts";
import { isSpace, pythonSpace } from "../python-space.ts";
import { bindArguments } from "../run/bind-arguments.ts";
import { expectInteger, expectText, optionalFlag, optionalInteger, optionalText } from "../run/expect.ts";
import { codePointCount, codePoints, sliceText } from "../values/code-points.ts";
import { listOf } from "../values/iterate.ts";
import { repeat } from "../values/repeat.ts";
import { Tuple, type Call, type Runtime, type Value } from "../values/value.ts";
import { capitalize, isLower, isTitle, isUpper, swapCase, titleWords } from "./letter-case.ts";
import { splitAt, splitAtRight, splitLines, splitSpace, splitSpaceRight } from "./split-text.ts";

/** A method of a text: called with its arguments in the order of `parameters`. */
export interface TextMethod {
  readonly parameters: readonly string[];
  readonly call: (text: string, args: readonly (Value | undefined)[], runtime: Runtime) => Value;
}

const plain = (call: (text: string) => Value): TextMethod => ({ parameters: [], call });

/** Python's methods of str, without `format`, which takes any arguments. */
export const textMethods: Readonly<Record<string, TextMethod>> = {
  upper: plain((text) => text.toUpperCase()),
  lower: plain((text) => text.toLowerCase()),
  casefold: plain((text) => text.toLowerCase().replaceAll("ß", "ss")),
  capitalize: plain(capitalize),
  title: plain(titleWords),
  swapcase: plain(swapCase),
  islower: plain(isLower),
  isupper: plain(isUpper),
  istitle: plain(isTitle),
  isspace: plain(isSpace),
  isalpha: plain((text) => /^\p{L}+$/u.test(text)),
  isalnum: plain((text) => /^[\p{L}\p{N}]+$/u.test(text)),
  isdigit: plain((text) => /^[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089]+$/u.test(text)),
  isdecimal: plain((text) => /^\p{Nd}+$/u.test(text)),
  isnumeric: plain((text) => /^\p{N}+$/u.test(text)),
  isascii: plain((text) => /^[\0-\x7f]*$/.test(text)),
  isprintable: plain((text) => !/[\p{C}\p{Z}]/u.test(text.replaceAll(" ", ""))),
  isidentifier: plain((text) => /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*$/u.test(text)),
  strip: { parameters: ["chars?"], call: (text, [chars]) => strip(text, chars, "both") },
  lstrip: { parameters: ["chars?"], call: (text, [chars]) => strip(text, chars, "start") },
  rstrip: { parameters: ["chars?"], call: (text, [chars]) => strip(text, chars, "end") },
  startswith: {
    parameters: ["prefix", "start?", "end?"],
    call: (text, [prefix, start, end]) =>
      affixes(prefix).some((it) => window(text, start, end)?.startsWith(it) ?? false),
  },
  endswith: {
    parameters: ["suffix", "start?", "end?"],
    call: (text, [suffix, start, end]) => affixes(suffix).some((it) => window(text, start, end)?.endsWith(it) ?? false),
  },
  removeprefix: {
    parameters: ["prefix"],
    call: (text, [prefix]) => (text.startsWith(textArg(prefix)) ? text.slice(textArg(prefix).length) : text),
  },
  removesuffix: {
    parameters: ["suffix"],
    call: (text, [suffix]) => {
      const end = textArg(suffix);
      return end !== "" && text.endsWith(end) ? text.slice(0, -end.length) : text;
    },
  },
  split: { parameters: ["sep?", "maxsplit?"], call: (text, args, runtime) => split(text, args, runtime, "left") },
  rsplit: { parameters: ["sep?", "maxsplit?"], call: (text, args, runtime) => split(text, args, runtime, "right") },
  splitlines: {
    parameters: ["keepends?"],
    call: (text, [keepEnds]) => splitLines(text, optionalFlag(keepEnds)),
  },
  partition: {
    parameters: ["sep"],
    call: (text, [separator]) => partition(text, separatorArg(separator), (it) => text.indexOf(it)),
  },
  rpartition: {
    parameters: ["sep"],
    call: (text, [separator]) => {
      const found = partition(text, separatorArg(separator), (it) => text.lastIndexOf(it));
      return text.includes(separatorArg(separator)) ? found : new Tuple(["", "", text]);
    },
  },
  replace: {
    parameters: ["old", "new", "count?"],
    call: (text, [old, replacement, count], { budget }) => {
      budget.chargeText(text.length);
      const result = replace(text, { old: textArg(old), by: textArg(replacement), count: optionalInteger(count, -1) });
      budget.chargeText(result.length);
      return result;
    },
  },
  join: {
    parameters: ["iterable"],
    call: (text, [items = null], { budget }) => {
      const parts = listOf(items, budget).map(expectText);
      budget.chargeText(parts.reduce((sum, part) => sum + part.length + text.length, 0));
      return parts.join(text);
    },
  },
  find: { parameters: ["sub", "start?", "end?"], call: (text, args) => BigInt(find(text, args, "first")) },
  rfind: { parameters: ["sub", "start?", "end?"], call: (text, args) => BigInt(find(text, args, "last")) },
  index: { parameters: ["sub", "start?", "end?"], call: (text, args) => found(find(text, args, "first")) },
  rindex: { parameters: ["sub", "start?", "end?"], call: (text, args) => found(find(text, args, "last")) },
  count: {
    parameters: ["sub", "start?", "end?"],
    call: (text, [part, start, end]) => {
      const within = window(text, start, end) ?? "";
      const sub = textArg(part);
      return BigInt(sub === "" ? codePointCount(within) + 1 : within.split(sub).length - 1);
    },
  },
  center: { parameters: ["width", "fillchar?"], call: (text, args, runtime) => justify(text, args, runtime, "center") },
  ljust: { parameters: ["width", "fillchar?"], call: (text, args, runtime) => justify(text, args, runtime, "left") },
  rjust: { parameters: ["width", "fillchar?"], call: (text, args, runtime) => justify(text, args, runtime, "right") },
  zfill: {
    parameters: ["width"],
    call: (text, [width = null], { budget }) => {
      const [sign = ""] = /^[-+]?/.exec(text) ?? [];
      return sign + repeat("0", expectInteger(width) - codePointCount(text), budget) + text.slice(sign.length);
    },
  },
  expandtabs: {
    parameters: ["tabsize?"],
    call: (text, [size], { budget }) =>
      expandTabs(text, optionalInteger(size, 8), (count) => repeat(" ", count, budget)),
  },
};

/** Python's strip: of white space, or of any of the characters. */
export function strip(text: string, chars: Value | undefined, side: "both" | "start" | "end"): string {
  const isStripped =
    chars === undefined || chars === null ? (char: string) => spaceChar.test(char) : charTest(expectText(chars));
  const points = codePoints(text);
  let start = 0;
  let end = points.length;
  if (side !== "end") while (start < end && isStripped(points[start] ?? "")) start++;
  if (side !== "start") while (end > start && isStripped(points[end - 1] ?? "")) end--;
  return typeof points === "string" ? points.slice(start, end) : points.slice(start, end).join("");
}

const spaceChar = new RegExp(`[${pythonSpace}]`);

function charTest(chars: string): (char: string) => boolean {
  const set = new Set(chars);
  return (char) => set.has(char);
}

/** Calls a method of `textMethods` on a text. */
export function callTextMethod(name: string, text: string, { call, runtime }: { call: Call; runtime: Runtime }): Value {
  const method = textMethods[name];
  if (method === undefined) throw runtimeError(`'str' object has no attribute '${name}'`);
  runtime.budget.chargeText(text.length);
  return method.call(text, bindArguments(name, call, method.parameters), runtime);
}

function textArg(value: Value | undefined): string {
  return expectText(value ?? null);
}

function separatorArg(value: Value | undefined): string {
  const separator = textArg(value);
  if (separator === "") throw runtimeError("empty separator");
  return separator;
}

function affixes(value: Value | undefined): readonly string[] {
  return value instanceof Tuple ? value.items.map(expectText) : [textArg(value)];
}

/** The part of a text that `start` and `end` leave; undefined: none, not even an empty one. */
function window(text: string, start: Value | undefined, end: Value | undefined): string | undefined {
  if (start === undefined && end === undefined) return text;
  const [from, to] = bounds(text, start, end);
  return from > to ? undefined : sliceText(text, from, to);
}

function bounds(text: string, start: Value | undefined, end: Value | undefined): readonly [number, number] {
  const length = codePointCount(text);
  const clamp = (at: number) => Math.min(at < 0 ? Math.max(at + length, 0) : at, length);
  const from = optionalInteger(start, 0);
  return [from > length ? length + 1 : clamp(from), clamp(optionalInteger(end, length))];
}

function split(
  text: string,
  [separator, maxSplits]: readonly (Value | undefined)[],
  { budget }: Runtime,
  from: "left" | "right",
): Value[] {
  const max = optionalInteger(maxSplits, -1);
  const isSpaces = separator === undefined || separator === null;
  const parts = isSpaces
    ? (from === "left" ? splitSpace : splitSpaceRight)(text, max)
    : (from === "left" ? splitAt : splitAtRight)(text, separatorArg(separator), max);
  budget.chargeItems(parts.length);
  return parts;
}

function partition(text: string, separator: string, search: (separator: string) => number): Tuple {
  const at = search(separator);
  if (at === -1) return new Tuple([text, "", ""]);
  return new Tuple([text.slice(0, at), separator, text.slice(at + separator.length)]);
}

function replace(text: string, { old, by, count }: { old: string; by: string; count: number }): string {
  if (count < 0 && old !== "") return text.replaceAll(old, () => by);
  const parts = old === "" ? ["", ...text, ""] : text.split(old);
  const max = count < 0 ? parts.length : count;
  let out = parts[0] ?? "";
  for (const [i, part] of parts.slice(1).entries()) out += (i < max ? by : old) + part;
  return out;
}

function find(text: string, [part, start, end]: readonly (Value | undefined)[], which: "first" | "last"): number {
  const within = window(text, start, end);
  if (within === undefined) return -1;
  const sub = textArg(part);
  const at = which === "first" ? within.indexOf(sub) : within.lastIndexOf(sub);
  return at === -1 ? -1 : codePointCount(within.slice(0, at)) + bounds(text, start, end)[0];
}

function found(at: number): bigint {
  if (at === -1) throw runtimeError("substring not found");
  return BigInt(at);
}

function justify(
  text: string,
  [width = null, fill]: readonly (Value | undefined)[],
  { budget }: Runtime,
  to: "left" | "right" | "center",
): string {
  const fillChar = optionalText(fill, " ");
  if (codePointCount(fillChar) !== 1) throw runtimeError("The fill character must be exactly one character long");
  const wanted = expectInteger(width);
  const missing = Math.max(0, wanted - codePointCount(text));
  // Python puts the odd one to the left when the width is odd too.
  const left = to === "left" ? 0 : to === "right" ? missing : Math.floor(missing / 2) + (missing & wanted & 1);
  return repeat(fillChar, left, budget) + text + repeat(fillChar, missing - left, budget);
}

function expandTabs(text: string, size: number, spaces: (count: number) => string): string {
  let column = 0;
  let out = "";
  for (const char of text) {
    const added = char === "\t" ? spaces(size > 0 ? size - (column % size) : 0) : char;
    out += added;
    column = char === "\n" || char === "\r" ? 0 : column + added.length;
  }
  return out;
}
