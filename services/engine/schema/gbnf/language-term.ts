import { keyOf } from "../regex/atoms.ts";
import { type Automaton, liveStates } from "../regex/automaton.ts";
import { charSet, type CharSet, hasChar, intersect, noChar, subtract, union } from "../regex/char-set.ts";
import type { Regex } from "../regex/regex.ts";
import { literal, neverMatches, type RuleSet } from "./rule-set.ts";

/** How the characters of a language are written in the output: `plain` as they are, `json` inside of a JSON string. */
export type Writing = "plain" | "json";

/** A text that more than one state may lead to is repeated in each. */
const maxInline = 60;
const mustBeEscaped = charSet('"', "\\", [0, 0x1f]);
const shortEscapes: readonly (readonly [code: number, letter: string])[] = [
  [0x22, '"'],
  [0x5c, "\\\\"],
  [8, "b"],
  [12, "f"],
  [10, "n"],
  [13, "r"],
  [9, "t"],
];

/** A term for the strings of a regular expression. */
export function regexTerm(rules: RuleSet, regex: Regex, writing: Writing): string {
  switch (regex.type) {
    case "set":
      return charTerm(rules, regex.set, writing);
    case "sequence":
      return regex.items.length === 0 ? `""` : sequenceTerm(rules, regex.items, writing);
    case "choice":
      return `( ${regex.options.map((option) => regexTerm(rules, option, writing)).join(" | ")} )`;
    case "repeat": {
      const item = regexTerm(rules, regex.item, writing);
      // llama.cpp multiplies repetitions by what is inside of a group, so that a rule of its own is what scales.
      const term = regex.item.type === "set" ? item : rules.intern("part", item);
      return rules.repeat(term, regex.min, regex.max);
    }
  }
}

/** Neighbouring single characters become one literal. */
function sequenceTerm(rules: RuleSet, items: readonly Regex[], writing: Writing): string {
  const terms: string[] = [];
  let fixed = "";
  const flush = (): void => {
    if (fixed !== "") terms.push(literal(fixed));
    fixed = "";
  };
  for (const item of items) {
    const character = item.type === "set" ? onlyChar(item.set, writing) : undefined;
    if (character !== undefined) fixed += character;
    else {
      flush();
      terms.push(regexTerm(rules, item, writing));
    }
  }
  flush();
  return terms.join(" ");
}

/** The only character of a set, as it is written. */
function onlyChar(set: CharSet, writing: Writing): string | undefined {
  const [range] = set;
  if (!range || set.length > 1 || range[0] !== range[1]) return undefined;
  const character = String.fromCodePoint(range[0]);
  return writing === "json" ? JSON.stringify(character).slice(1, -1) : character;
}

/** A term for one character: a class, or a rule where the class is long or some of the characters must be escaped. */
export function charTerm(rules: RuleSet, set: CharSet, writing: Writing): string {
  const { text, isInline } = writtenChar(set, writing);
  return isInline ? text : rules.intern("char", text);
}

interface WrittenChar {
  readonly text: string;
  readonly isInline: boolean;
}

// A class of letters is thousands of characters long, and stands in hundreds of moves.
const writtenChars = new Map<string, WrittenChar>();
const maxWrittenChars = 1000;

function writtenChar(set: CharSet, writing: Writing): WrittenChar {
  const key = `${writing} ${keyOf(set)}`;
  let written = writtenChars.get(key);
  if (written) return written;
  if (writtenChars.size >= maxWrittenChars) writtenChars.clear();
  writtenChars.set(key, (written = writeChar(set, writing)));
  return written;
}

function writeChar(set: CharSet, writing: Writing): WrittenChar {
  const only = onlyChar(set, writing);
  if (only !== undefined) return { text: literal(only), isInline: true };
  const escaped = writing === "json" ? intersect(set, mustBeEscaped) : noChar;
  const raw = subtract(set, escaped);
  const inline = raw.length > 0 ? classText(raw) : neverMatches;
  if (escaped.length === 0 && inline.length <= maxInline) return { text: inline, isInline: true };
  return { text: [...(raw.length > 0 ? [inline] : []), ...escapes(escaped)].join(" | "), isInline: false };
}

/** The one canonical escape of each character: with several spellings, names and patterns could be got around. */
function escapes(set: CharSet): string[] {
  const short = shortEscapes.filter(([code]) => hasChar(set, code));
  const rest = subtract(
    set,
    shortEscapes.reduce<CharSet>((all, [code]) => union(all, [[code, code]]), noChar),
  );
  const long = [0, 1].flatMap((high) => {
    const digits = [...Array(16).keys()].filter((low) => hasChar(rest, high * 16 + low)).map((low) => low.toString(16));
    return digits.length > 0 ? [String.raw`"\\u00${high}" [${digits.join("")}]`] : [];
  });
  return [...(short.length > 0 ? [String.raw`"\\" [${short.map(([, letter]) => letter).join("")}]`] : []), ...long];
}

function classText(set: CharSet): string {
  return `[${set.map(([first, last]) => (first === last ? classChar(first) : `${classChar(first)}-${classChar(last)}`)).join("")}]`;
}

function classChar(code: number): string {
  const character = String.fromCodePoint(code);
  if (/[[\]\\"-]/.test(character)) return `\\${character}`;
  if (code > 0x1f && code < 0x7f && character !== "^") return character;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
}

/**
 * A term for what the automaton accepts, undefined when that is nothing. Throws AutomatonTooLarge. Only states from
 * which an end can be reached become grammar, so that generation cannot run into a dead end.
 */
export function automatonTerm(
  rules: RuleSet,
  automaton: Automaton,
  writing: Writing,
  hint: string,
): string | undefined {
  const states = liveStates(automaton);
  if (!states.has(automaton.start)) return undefined;
  const known = new Map<string, string>();
  const open = new Map<string, { name: string; isUsed: boolean }>();
  return from(automaton.start);

  /** What follows in a state; states with the same future share a rule, and a short single way needs none. */
  function from(state: string): string {
    const found = known.get(state);
    if (found !== undefined) return found;
    const cycle = open.get(state);
    if (cycle) {
      cycle.isUsed = true;
      return cycle.name;
    }
    const here = { name: rules.reserve(hint), isUsed: false };
    open.set(state, here);
    const ways = [...states.get(state)!].map(([to, set]) => `${charTerm(rules, set, writing)} ${from(to)}`.trim());
    open.delete(state);
    if (automaton.accepts(state)) ways.push(ways.length > 0 ? `""` : "");
    const body = ways.join(" | ");
    let term = here.name;
    if (here.isUsed) rules.define(here.name, body);
    else if (ways.length > 1 || body.length > maxInline) term = rules.settle(here.name, body);
    else {
      rules.release(here.name);
      term = body;
    }
    known.set(state, term);
    return term;
  }
}
