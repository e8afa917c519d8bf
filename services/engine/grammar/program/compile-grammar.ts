import { checkRules } from "../gbnf/check-rules.ts";
import { GrammarError } from "../gbnf/grammar-error.ts";
import { parseGbnf } from "../gbnf/parse-gbnf.ts";
import type { Expression, Rules } from "../gbnf/syntax.ts";
import { Network } from "./network.ts";
import { emptyLabel, type GrammarProgram, label } from "./program.ts";
import { partitionBytes } from "./partition-bytes.ts";
import { simplifyRepetitions } from "./simplify-repetitions.ts";
import { deadRow, Utf8Classes } from "./utf8-classes.ts";

export const maxGrammarChars = 2 * 1024 * 1024;
const maxClassRows = 8192;
/** Repetitions that would write more nodes than this call a rule of their own instead. */
const maxInline = 32;
/** In the place of a label: nothing leads on. */
const impossible = -1;

/**
 * Compiles a grammar in GBNF. Takes time and memory in proportion to its text and its counted repetitions, both bounded.
 * Throws GrammarError for one that cannot be read or matched, or that is too large.
 */
export function compileGrammar(gbnf: string, root = "root"): GrammarProgram {
  if (gbnf.length > maxGrammarChars)
    throw new GrammarError(`it is too large: it has ${gbnf.length} characters, and ${maxGrammarChars} are served`);
  const parsed = parseGbnf(gbnf);
  const nullable = checkRules(parsed, { root, text: gbnf });
  return new Compiler(simplifyRepetitions(parsed, nullable)).compile(root);
}

/** Writes rules as a network. Only what the root needs is written. */
class Compiler {
  readonly #rules: Rules;
  readonly #network = new Network();
  readonly #classes = new Utf8Classes(maxClassRows);
  /** By name, and by the repeated expressions that have become rules. */
  readonly #numbers = new Map<string | Expression, number>();
  readonly #bodies: Expression[] = [];
  readonly #tokens: (number | string)[] = [];

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  compile(root: string): GrammarProgram {
    this.#ruleNumber(root);
    const starts: number[] = [];
    // The list grows as rules are referred to.
    for (const body of this.#bodies) {
      const start = this.#network.addNode();
      starts.push(start);
      this.#network.markEnd(this.#write(body, start));
    }
    const packed = this.#network.pack();
    const bytes = partitionBytes(packed.labels, this.#classes.rows);
    return { ...packed, ...bytes, ruleStarts: Int32Array.from(starts), tokens: this.#tokens };
  }

  #ruleNumber(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const rule = this.#rules.get(name);
    if (rule === undefined) throw new GrammarError(`it has no rule "${name}"`);
    return this.#addRule(name, rule.body);
  }

  #addRule(key: string | Expression, body: Expression): number {
    const number = this.#bodies.push(body) - 1;
    this.#numbers.set(key, number);
    return number;
  }

  /** Writes what leads on from a node, and gives the node it leads to. */
  #write(expression: Expression, from: number): number {
    switch (expression.type) {
      case "literal": {
        let at = from;
        for (const byte of literalBytes(expression.codes)) at = this.#step(at, byte);
        return at;
      }
      case "class":
        return this.#step(from, this.#classLabel(expression));
      case "rule":
        return this.#step(from, label.call(this.#ruleNumber(expression.name)));
      case "token": {
        const index = this.#tokens.push(expression.token) - 1;
        return this.#step(from, expression.negated ? label.otherToken(index) : label.token(index));
      }
      case "sequence":
        return expression.items.reduce((at, item) => this.#write(item, at), from);
      case "choice":
        return this.#writeChoice(expression.options, from);
      case "repeat":
        return this.#writeRepeat(expression, from);
    }
  }

  #step(from: number, labelOf: number): number {
    const to = this.#network.addNode();
    if (labelOf !== impossible) this.#network.addEdge(from, labelOf, to);
    return to;
  }

  #join(from: number, to: number): void {
    this.#network.addEdge(from, emptyLabel, to);
  }

  #classLabel({ ranges, negated }: Extract<Expression, { type: "class" }>): number {
    const row = this.#classes.start(ranges, negated);
    if (row === undefined)
      throw new GrammarError(`it is too large: its character classes need more than ${maxClassRows} states`);
    return row === deadRow ? impossible : label.class(row);
  }

  /** What texts have in common at their beginnings is written once, so that thousands of them are quick to choose from. */
  #writeChoice(options: readonly Expression[], from: number): number {
    const end = this.#network.addNode();
    const children = new Map<number, number>();
    for (const option of options) {
      const [bytes, rest] = splitLiteral(option);
      let at = from;
      for (const byte of bytes) {
        const key = at * 257 + byte + 1;
        const child = children.get(key) ?? this.#step(at, byte);
        children.set(key, child);
        at = child;
      }
      for (const item of rest) at = this.#write(item, at);
      this.#join(at, end);
    }
    return end;
  }

  #writeRepeat({ item, min, max }: Extract<Expression, { type: "repeat" }>, from: number): number {
    const copies = max === Infinity ? min + 1 : max;
    const each = this.#size(item);
    const isOwnRule = each > 1 && copies > 1 && each * copies > maxInline;
    this.#network.expect(copies * (isOwnRule ? 1 : each));
    const call = isOwnRule ? label.call(this.#numbers.get(item) ?? this.#addRule(item, item)) : undefined;
    const once = (at: number) => (call === undefined ? this.#write(item, at) : this.#step(at, call));

    let at = from;
    for (let times = 0; times < min - (max === Infinity ? 1 : 0); times++) at = once(at);
    if (max === Infinity) {
      const loop = this.#network.addNode();
      this.#join(at, loop);
      const end = once(loop);
      this.#join(end, loop);
      return min === 0 ? loop : end;
    }
    if (max === min) return at;
    const end = this.#network.addNode();
    for (let times = min; times < max; times++) {
      this.#join(at, end);
      at = once(at);
    }
    this.#join(at, end);
    return end;
  }

  /** How many nodes an expression would be written as, about. */
  #size(expression: Expression): number {
    switch (expression.type) {
      case "literal":
        return expression.codes.length;
      case "sequence":
        return expression.items.reduce((sum, item) => sum + this.#size(item), 0);
      case "choice":
        return expression.options.reduce((sum, option) => sum + this.#size(option), 1);
      case "repeat": {
        const copies = expression.max === Infinity ? expression.min + 1 : expression.max;
        const each = this.#size(expression.item);
        return 1 + (each > 1 && each * copies > maxInline ? copies : each * copies);
      }
      default:
        return 1;
    }
  }
}

/** The text that an expression begins with, as bytes, and what follows it. */
function splitLiteral(expression: Expression): [bytes: readonly number[], rest: readonly Expression[]] {
  if (expression.type === "literal") return [literalBytes(expression.codes), []];
  if (expression.type !== "sequence") return [[], [expression]];
  const texts = expression.items.findIndex((item) => item.type !== "literal");
  const end = texts < 0 ? expression.items.length : texts;
  const codes = expression.items.slice(0, end).flatMap((item) => (item.type === "literal" ? item.codes : []));
  return [literalBytes(codes), expression.items.slice(end)];
}

/** The bytes of a text; `impossible` for a surrogate, which UTF-8 does not have. */
function literalBytes(codes: readonly number[]): readonly number[] {
  if (codes.every((code) => code < 0x80)) return codes;
  return codes.flatMap((code) =>
    code >= 0xd800 && code <= 0xdfff ? [impossible] : [...Buffer.from(String.fromCodePoint(code), "utf8")],
  );
}
