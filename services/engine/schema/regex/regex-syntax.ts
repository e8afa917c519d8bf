import { charSet, type CharSet, complement, union } from "./char-set.ts";
import { unicodeProperty } from "./unicode-property.ts";

/** A regular expression as written. */
export type Syntax =
  | { readonly type: "start" | "end" }
  | { readonly type: "set"; readonly set: CharSet }
  | { readonly type: "sequence"; readonly items: readonly Syntax[] }
  | { readonly type: "choice"; readonly options: readonly Syntax[] }
  | { readonly type: "repeat"; readonly item: Syntax; readonly min: number; readonly max: number }
  | { readonly type: "lookahead"; readonly item: Syntax; readonly negative: boolean };

/** A pattern that cannot be read or honoured; the message says which part of it, as the end of "the pattern …". */
export class PatternError extends Error {}

const digit = charSet("0-9");
const word = charSet("a-z", "A-Z", "0-9", "_");
// WhiteSpace and LineTerminator of ECMA-262.
const space = charSet([9, 13], " ", [0xa0, 0xa0], [0x1680, 0x1680], [0x2000, 0x200a], [0x2028, 0x2029]).concat(
  charSet([0x202f, 0x202f], [0x205f, 0x205f], [0x3000, 0x3000], [0xfeff, 0xfeff]),
);
const lineTerminators = charSet([10, 10], [13, 13], [0x2028, 0x2029]);
const classEscapes: Readonly<Record<string, CharSet>> = {
  d: digit,
  D: complement(digit),
  w: word,
  W: complement(word),
  s: space,
  S: complement(space),
};
const controlEscapes: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 };

// The reader and all that walks the result are recursive.
const maxDepth = 50;

/**
 * Reads an ECMA-262 regular expression with the `u` flag, as JSON Schema wants it (a needless escape of a punctuation
 * character is let pass). Throws PatternError for what is not regular or not supported: back references, lookbehind,
 * word boundaries, modifiers.
 */
export function readRegex(source: string): Syntax {
  const input = [...source];
  let at = 0;
  let depth = 0;

  const whole = disjunction();
  if (at < input.length) throw new PatternError(`has a ")" without its "("`);
  return whole;

  function disjunction(): Syntax {
    if (++depth > maxDepth) throw new PatternError(`nests groups deeper than ${maxDepth}`);
    const options = [alternative()];
    while (take("|")) options.push(alternative());
    depth--;
    return options.length === 1 ? options[0]! : { type: "choice", options };
  }

  function alternative(): Syntax {
    const items: Syntax[] = [];
    while (at < input.length && input[at] !== "|" && input[at] !== ")") items.push(term());
    return { type: "sequence", items };
  }

  function term(): Syntax {
    if (take("^")) return { type: "start" };
    if (take("$")) return { type: "end" };
    const item = atom();
    const times = quantifier();
    if (!times) return item;
    if (item.type === "lookahead") throw new PatternError("repeats a lookahead");
    return { type: "repeat", item, ...times };
  }

  function quantifier(): { min: number; max: number } | undefined {
    let times: { min: number; max: number } | undefined;
    if (take("*")) times = { min: 0, max: Infinity };
    else if (take("+")) times = { min: 1, max: Infinity };
    else if (take("?")) times = { min: 0, max: 1 };
    else if (input[at] === "{") times = braces();
    // A lazy quantifier allows the same strings.
    if (times) take("?");
    return times;
  }

  function braces(): { min: number; max: number } {
    const written = /^\{(\d{1,6})(,(\d{0,6}))?\}/.exec(input.slice(at, at + 20).join(""));
    if (!written) throw new PatternError(`has a "{" that begins no quantifier: write \\{`);
    at += written[0].length;
    const min = Number(written[1]);
    const max = written[2] === undefined ? min : written[3] ? Number(written[3]) : Infinity;
    if (max < min) throw new PatternError(`has the quantifier ${written[0]}, out of order`);
    return { min, max };
  }

  function atom(): Syntax {
    if (take("(")) return group();
    if (take("[")) return { type: "set", set: characterClass() };
    if (take(".")) return { type: "set", set: complement(lineTerminators) };
    if (take("\\")) return { type: "set", set: escape() };
    const character = input[at++]!;
    if ("*+?{".includes(character)) throw new PatternError(`has a "${character}" with nothing before it`);
    return { type: "set", set: only(character) };
  }

  function group(): Syntax {
    let lookahead: { negative: boolean } | undefined;
    if (take("?=")) lookahead = { negative: false };
    else if (take("?!")) lookahead = { negative: true };
    else if (input[at] === "?" && !take("?:")) skipName();
    const item = disjunction();
    if (!take(")")) throw new PatternError(`has a "(" without its ")"`);
    return lookahead ? { type: "lookahead", item, ...lookahead } : item;
  }

  function skipName(): void {
    const name = /^\?<[\p{ID_Start}$_][\p{ID_Continue}$]*>/u.exec(input.slice(at, at + 100).join(""));
    if (!name)
      throw new PatternError(`uses "(${input.slice(at, at + 3).join("")}": only plain groups and lookaheads work`);
    at += [...name[0]].length;
  }

  function characterClass(): CharSet {
    const negated = take("^");
    let set: CharSet = [];
    while (!take("]")) {
      const low = classAtom();
      // A hyphen beside a class is a hyphen, as without the `u` flag.
      const isRange = input[at] === "-" && input[at + 1] !== "]" && isOne(low);
      const hyphen = at;
      if (isRange) at++;
      const high = isRange ? classAtom() : low;
      if (isOne(high)) set = union(set, charSet(rangeOf(codeOf(low), codeOf(high))));
      else {
        at = isRange ? hyphen : at;
        set = union(set, low);
      }
    }
    return negated ? complement(set) : set;
  }

  function classAtom(): CharSet {
    if (at >= input.length) throw new PatternError(`has a "[" without its "]"`);
    if (!take("\\")) return only(input[at++]!);
    return take("b") ? charSet([8, 8]) : escape();
  }

  function rangeOf(first: number, last: number): readonly [number, number] {
    if (first > last) throw new PatternError("has a character range out of order");
    return [first, last];
  }

  function escape(): CharSet {
    const character = input[at++];
    if (character === undefined) throw new PatternError("ends with a backslash");
    if (Object.hasOwn(classEscapes, character)) return classEscapes[character]!;
    if (Object.hasOwn(controlEscapes, character) && !/^0\d/.test(character + (input[at] ?? ""))) {
      return only(String.fromCharCode(controlEscapes[character]!));
    }
    if (character === "x") return hexCode(2);
    if (character === "u") return input[at] === "{" ? bracedCode() : utf16Code();
    if (character === "c" && /[a-zA-Z]/.test(input[at] ?? ""))
      return only(String.fromCharCode(input[at++]!.charCodeAt(0) % 32));
    if (character === "p" || character === "P") return property(character === "P");
    if (/[a-zA-Z0-9]/.test(character)) throw new PatternError(`uses "\\${character}", which is not supported`);
    return only(character);
  }

  function utf16Code(): CharSet {
    const lead = codeOf(hexCode(4));
    const trail = /^\\u(d[c-f][0-9a-f]{2})/i.exec(input.slice(at, at + 6).join(""));
    if (lead < 0xd800 || lead > 0xdbff || !trail) return charSet([lead, lead]);
    at += 6;
    return only(String.fromCharCode(lead, Number.parseInt(trail[1]!, 16)));
  }

  function property(negated: boolean): CharSet {
    const written = /^\{(\w+(=\w+)?)\}/.exec(input.slice(at, at + 60).join(""));
    const set = written ? unicodeProperty(written[1]!) : undefined;
    if (!written || !set) throw new PatternError("has a \\p without the name of a Unicode property");
    at += written[0].length;
    return negated ? complement(set) : set;
  }

  function bracedCode(): CharSet {
    const length = input.indexOf("}", at) - at - 1;
    at++;
    const code = hexCode(length);
    at++;
    return code;
  }

  function hexCode(length: number): CharSet {
    const digits = input.slice(at, at + Math.max(0, length)).join("");
    const code = Number.parseInt(digits, 16);
    if (digits.length !== length || !/^[0-9a-fA-F]+$/.test(digits) || code > 0x10ffff) {
      throw new PatternError("has an incomplete \\x or \\u escape");
    }
    at += length;
    return charSet([code, code]);
  }

  function take(expected: string): boolean {
    for (let i = 0; i < expected.length; i++) if (input[at + i] !== expected[i]) return false;
    at += expected.length;
    return true;
  }
}

function isOne(set: CharSet): boolean {
  return set.length === 1 && set[0]![0] === set[0]![1];
}

function codeOf(set: CharSet): number {
  return set[0]![0];
}

function only(character: string): CharSet {
  const code = character.codePointAt(0)!;
  return charSet([code, code]);
}
