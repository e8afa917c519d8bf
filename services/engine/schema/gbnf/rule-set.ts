import { SchemaRefusal } from "../document/refusal.ts";

/** How JSON is spaced by who writes it in one way only, with nothing inside of brackets: Python's `", "` and `": "`. */
export interface JsonSpacing {
  readonly comma: string;
  readonly colon: string;
}

/** The rules of one grammar under construction. A "term" is a piece of GBNF that can stand in a sequence. */
export interface RuleSet {
  /** undefined: JSON may be spaced in any way. */
  readonly spacing: JsonSpacing | undefined;
  /** Takes a free name like `hint`; `define`, `settle` or `release` must follow. */
  reserve(hint: string): string;
  release(name: string): void;
  define(name: string, body: string): void;
  /** Defines a reserved name that nothing refers to yet, or gives it up where another rule has this body; gives the rule's name. */
  settle(name: string, body: string): string;
  /** The rule with this body: one that exists, or a new one with a name like `hint`. A body that is a name stays that. */
  intern(hint: string, body: string): string;
  has(name: string): boolean;
  /** How many rules there are. */
  size(): number;
  /** Gives what takes back all rules that come after now; none of those before may refer to them. */
  checkpoint(): () => void;
  /** Whether half of what a grammar may have is there. */
  isFilling(): boolean;
  /** `term` (a rule's name, a character class or a literal) `min` to `max` times; `max` may be Infinity. */
  repeat(term: string, min: number, max: number): string;
  /** The whole grammar, one rule a line, in the order of their names' reservation. */
  toString(): string;
}

// llama.cpp parses a grammar of this size in some 10 ms and copies it for each request.
const maxRules = 20_000;
const maxChars = 2 * 1024 * 1024;
// llama.cpp writes a repetition out, one rule for each optional time, and refuses more than 2000 (llama-grammar.cpp).
// Longer ones are built from blocks, which needs about 3 * sqrt(n) rules instead of n.
const maxDirectRepeat = 64;

export function createRuleSet(spacing?: JsonSpacing): RuleSet {
  const bodies = new Map<string, string | undefined>();
  const interned = new Map<string, string>();
  const suffixes = new Map<string, number>();
  let chars = 0;

  function reserve(hint: string): string {
    const base =
      hint
        .replaceAll(/[^a-zA-Z0-9]+/g, "-")
        .replaceAll(/^-|-$/g, "")
        .slice(0, 60) || "rule";
    let name = base;
    for (let suffix = suffixes.get(base) ?? 2; bodies.has(name); suffix++) {
      name = `${base}-${suffix}`;
      suffixes.set(base, suffix + 1);
    }
    bodies.set(name, undefined);
    if (bodies.size > maxRules) throw new SchemaRefusal("", `needs more than ${maxRules} grammar rules: simplify it`);
    return name;
  }

  function define(name: string, body: string): void {
    bodies.set(name, body);
    chars += name.length + body.length;
    if (chars > maxChars)
      throw new SchemaRefusal("", `needs a grammar of more than ${maxChars} characters: simplify it`);
  }

  function settle(name: string, body: string): string {
    const existing = isName(body) ? body : interned.get(body);
    if (existing !== undefined) {
      bodies.delete(name);
      return existing;
    }
    define(name, body);
    interned.set(body, name);
    return name;
  }

  function intern(hint: string, body: string): string {
    return isName(body) ? body : (interned.get(body) ?? settle(reserve(hint), body));
  }

  function block(term: string, size: number): string {
    return intern(`${isName(term) ? term : "chars"}-x${size}`, exactly(term, size));
  }

  function exactly(term: string, times: number): string {
    if (times <= 1) return times === 1 ? term : "";
    if (times <= maxDirectRepeat) return `${term}{${times}}`;
    const size = Math.floor(Math.sqrt(times));
    return `${exactly(block(term, size), Math.floor(times / size))} ${exactly(term, times % size)}`.trim();
  }

  function upTo(term: string, times: number): string {
    if (times <= 1) return times === 1 ? `${term}?` : "";
    if (times <= maxDirectRepeat) return `${term}{0,${times}}`;
    // Blocks, then a tail of at least size - 1: every count is reached, and at most three ways to read one are open.
    const size = Math.floor(Math.sqrt(times));
    const blocks = Math.floor((times - size + 1) / size);
    return `${upTo(block(term, size), blocks)} ${upTo(term, times - blocks * size)}`;
  }

  return {
    spacing,
    reserve,
    release: (name) => void bodies.delete(name),
    define,
    settle,
    intern,
    has: (name) => bodies.has(name),
    size: () => bodies.size,
    checkpoint() {
      const before = { count: bodies.size, chars };
      return () => {
        for (const name of [...bodies.keys()].slice(before.count)) bodies.delete(name);
        for (const [body, name] of interned) if (!bodies.has(name)) interned.delete(body);
        chars = before.chars;
      };
    },
    isFilling: () => bodies.size > maxRules / 2 || chars > maxChars / 2,
    repeat(term, min, max) {
      if (max === Infinity) return min === 1 ? `${term}+` : `${exactly(term, min)} ${term}*`.trim();
      if (min > 0 && min < max && max <= maxDirectRepeat) return `${term}{${min},${max}}`;
      return `${exactly(term, min)} ${upTo(term, max - min)}`.trim();
    },
    toString: () => [...bodies].map(([name, body]) => `${name} ::= ${body ?? neverMatches}\n`).join(""),
  };
}

function isName(term: string): boolean {
  return /^[a-zA-Z0-9-]+$/.test(term);
}

/** A term that no character satisfies: GBNF has no other way to say "nothing". */
export const neverMatches = String.raw`[^\x00-\U0010FFFF]`;

/** GBNF for exactly this text. */
export function literal(value: string): string {
  // oxlint-disable-next-line no-control-regex: these are what must be escaped
  const escaped = value.replaceAll(/["\\\u0000-\u001f\u007f\ud800-\udfff]/gu, (character) => {
    if (character === '"' || character === "\\") return `\\${character}`;
    const code = character.codePointAt(0)!;
    return code > 0xff ? `\\u${code.toString(16).padStart(4, "0")}` : `\\x${code.toString(16).padStart(2, "0")}`;
  });
  return `"${escaped}"`;
}
