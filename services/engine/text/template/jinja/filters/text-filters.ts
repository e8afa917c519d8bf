import { runtimeError } from "../jinja-error.ts";
import { pythonSpace } from "../python-space.ts";
import { expectInteger, expectText, optionalFlag, optionalInteger, optionalText } from "../run/expect.ts";
import { capitalize } from "../methods/letter-case.ts";
import { splitLines } from "../methods/split-text.ts";
import { callTextMethod, strip } from "../methods/text-methods.ts";
import { codePointCount, sliceText } from "../values/code-points.ts";
import { escapeHtml } from "../values/escape-html.ts";
import { asText, undefinedError } from "../values/facts.ts";
import { formatPercent } from "../values/format/format-percent.ts";
import { Dict } from "../values/dict.ts";
import { textOf } from "../values/text.ts";
import { Markup, Tuple, Undefined, type Value } from "../values/value.ts";
import { filter, textFilter, type Filter } from "./filter.ts";
import { wrapLine } from "./wrap-line.ts";

const wordStart = new RegExp(String.raw`([-${pythonSpace}({\[<]+)`);

/** Jinja's filters that make texts. */
export const textFilters: Readonly<Record<string, Filter>> = {
  upper: textFilter([], (text) => text.toUpperCase()),
  lower: textFilter([], (text) => text.toLowerCase()),
  capitalize: textFilter([], capitalize),
  title: textFilter([], (text) => text.split(wordStart).map(capitalize).join("")),
  trim: textFilter(["chars?"], (text, [chars]) => strip(text, chars, "both")),
  center: filter(["width?"], (value, [width], runtime) => {
    const call = { args: [width ?? 80n], named: new Map() };
    return callTextMethod("center", textOf(value, runtime.budget), { call, runtime });
  }),
  string: (value, _, { budget }) => (value instanceof Markup ? value : textOf(value, budget)),
  replace: filter(["old", "new", "count?"], (value, [old = null, by = null, count], runtime) => {
    const [from, to] = [textOf(old, runtime.budget), textOf(by, runtime.budget)];
    const args = count === undefined || count === null ? [from, to] : [from, to, count];
    return callTextMethod("replace", textOf(value, runtime.budget), { call: { args, named: new Map() }, runtime });
  }),
  indent: filter(["width?", "first?", "blank?"], (value, [width, first, blank], { budget }) => {
    if (value instanceof Undefined) throw undefinedError(value);
    const text = expectText(value);
    const indention = width === undefined ? "    " : (asText(width) ?? " ".repeat(indentWidth(width)));
    budget.chargeText(text.length + indention.length * (text.split("\n").length + 1));
    const lines = splitLines(`${text}\n`);
    const indented = lines.map((line, i) =>
      i === 0 || (line === "" && !optionalFlag(blank)) ? line : indention + line,
    );
    const result = (optionalFlag(first) ? indention : "") + indented.join("\n");
    return value instanceof Markup ? new Markup(result) : result;
  }),
  truncate: filter(["length?", "killwords?", "end?", "leeway?"], (value, [length, kill, end, leeway]) => {
    const text = expectText(value);
    const [max, tail] = [optionalInteger(length, 255), optionalText(end, "...")];
    const kept = max - codePointCount(tail);
    if (kept < 0) throw runtimeError(`expected length >= ${codePointCount(tail)}, got ${max}`);
    if (codePointCount(text) <= max + optionalInteger(leeway, 5)) return value;
    const cut = sliceText(text, 0, kept);
    return (optionalFlag(kill) || !cut.includes(" ") ? cut : cut.slice(0, cut.lastIndexOf(" "))) + tail;
  }),
  wordwrap: filter(
    ["width?", "break_long_words?", "wrapstring?", "break_on_hyphens?"],
    (value, [width, breakLong, wrapString, hyphens]) => {
      const text = expectText(value);
      const options = {
        width: optionalInteger(width, 79),
        breakLongWords: breakLong === undefined || optionalFlag(breakLong),
        breakOnHyphens: hyphens === undefined || optionalFlag(hyphens),
      };
      const newline = wrapString === undefined || wrapString === null ? "\n" : expectText(wrapString);
      return splitLines(text)
        .map((line) => wrapLine(line, options).join(newline))
        .join(newline);
    },
  ),
  wordcount: (value, _, { budget }) => BigInt([...textOf(value, budget).matchAll(/[\p{L}\p{N}_]+/gu)].length),
  format: (value, { args, named }, { budget }) => {
    if (args.length > 0 && named.size > 0) {
      throw runtimeError("can't handle positional and keyword arguments at the same time");
    }
    const values = named.size > 0 ? new Dict(named) : new Tuple(args);
    return formatPercent(textOf(value, budget), values, budget);
  },
  escape: (value, _, { budget }) => new Markup(escapeHtml(value, textOf(value, budget))),
  e: (value, _, { budget }) => new Markup(escapeHtml(value, textOf(value, budget))),
  forceescape: (value, _, { budget }) => new Markup(escapeHtml("", textOf(value, budget))),
  safe: (value, _, { budget }) => new Markup(textOf(value, budget)),
  striptags: textFilter([], (text) => {
    const bare = text.replaceAll(/<!--.*?-->/gs, "").replaceAll(/<[^>]*>/g, "");
    return unescapeHtml(
      bare
        .split(new RegExp(`[${pythonSpace}]+`))
        .filter((word) => word !== "")
        .join(" "),
    );
  }),
  urlencode: (value, _, { budget }) => {
    if (!(value instanceof Dict)) return quoteUrl(textOf(value, budget));
    const part = (it: Value) => quoteUrl(textOf(it, budget)).replaceAll("/", "%2F").replaceAll("%20", "+");
    return [...value.entries()].map(([key, item]) => `${part(key)}=${part(item)}`).join("&");
  },
  xmlattr: filter(["autospace?"], (value, [space], { budget }) => {
    if (!(value instanceof Dict)) throw runtimeError("xmlattr needs a mapping");
    const attributes = [...value.entries()].flatMap(([key, item]) => {
      if (item === null || item instanceof Undefined) return [];
      const name = expectText(key);
      if (/[\s/>=]/.test(name)) throw runtimeError(`Invalid character in attribute name: '${name}'`);
      return [`${escapeHtml(key, name)}="${escapeHtml(item, textOf(item, budget))}"`];
    });
    const text = attributes.join(" ");
    return text !== "" && (space === undefined || optionalFlag(space)) ? ` ${text}` : text;
  }),
};

function indentWidth(width: Value): number {
  const count = expectInteger(width);
  if (count > 10_000) throw runtimeError(`an indent of ${count} is too large`);
  return Math.max(count, 0);
}

function quoteUrl(text: string): string {
  return encodeURIComponent(text)
    .replaceAll("%2F", "/")
    .replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\xa0" };

function unescapeHtml(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|#x([\da-f]+)|([a-z]+));/gi, (whole, decimal?: string, hex?: string, name = "") => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return hex === undefined ? (entities[String(name)] ?? whole) : String.fromCodePoint(Number.parseInt(hex, 16));
  });
}
