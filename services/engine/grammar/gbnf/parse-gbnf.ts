import type { GrammarError } from "./grammar-error.ts";
import { Scanner } from "./scanner.ts";
import { empty, type Expression, type Rule, type Rules } from "./syntax.ts";

/** Groups are read by recursion. */
const maxDepth = 500;
/** `x*?+`: repetitions of repetitions. */
const maxStacked = 10;
/** Counted repetitions are written out, so that a larger count could only be refused later on. */
const maxTimes = 1_000_000;

/**
 * Reads a grammar in GBNF, llama.cpp's notation (grammars/README.md of llama.cpp, and src/llama-grammar.cpp for what that
 * leaves open). Of two rules with one name the last counts, as there. Throws GrammarError with the line and column of
 * what cannot be read.
 */
export function parseGbnf(text: string): Rules {
  const scanner = new Scanner(text);
  const rules = new Map<string, Rule>();
  scanner.skipSpace(true);
  while (!scanner.atEnd) {
    const rule = new RuleParser(scanner).rule();
    rules.set(rule.name, rule);
    scanner.skipSpace(true);
  }
  return rules;
}

class RuleParser {
  readonly #scanner: Scanner;
  #depth = 0;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  rule(): Rule {
    const scanner = this.#scanner;
    const offset = scanner.at;
    const name = scanner.name();
    if (name === undefined) throw scanner.error("expected a rule's name (letters, digits and -)");
    scanner.skipSpace(false);
    if (!scanner.take("::=")) throw scanner.error(`expected ::= behind the rule's name "${name}"`);
    scanner.skipSpace(true);
    const body = this.#choice(false);
    if (!scanner.atEnd && !scanner.takeNewline()) throw this.#unexpected(name);
    return { name, body, offset };
  }

  #unexpected(name: string): GrammarError {
    const scanner = this.#scanner;
    if (scanner.peek() === ")") return scanner.error(`this ")" closes nothing (rule "${name}")`);
    return scanner.error(`cannot read ${JSON.stringify(scanner.peek())} here (rule "${name}")`);
  }

  /** `nested`: between parentheses, where lines may end. */
  #choice(nested: boolean): Expression {
    const options = [this.#sequence(nested)];
    while (this.#scanner.take("|")) {
      this.#scanner.skipSpace(true);
      options.push(this.#sequence(nested));
    }
    return options.length === 1 ? (options[0] ?? empty) : { type: "choice", options };
  }

  #sequence(nested: boolean): Expression {
    const scanner = this.#scanner;
    const items: Expression[] = [];
    let stacked = 0;
    for (;;) {
      const offset = scanner.at;
      const times = this.#times(nested);
      if (times !== undefined) {
        const item = items.pop();
        if (item === undefined || isNothing(item))
          throw scanner.error("there is nothing in front of this repetition to repeat", offset);
        if (++stacked > maxStacked)
          throw scanner.error(`more than ${maxStacked} repetitions of one another stand here`, offset);
        items.push({ type: "repeat", item, ...times });
        continue;
      }
      const item = this.#item();
      if (item === undefined) break;
      scanner.skipSpace(nested);
      items.push(item);
      stacked = 0;
    }
    return items.length === 1 ? (items[0] ?? empty) : { type: "sequence", items };
  }

  #item(): Expression | undefined {
    const scanner = this.#scanner;
    const offset = scanner.at;
    switch (scanner.peek()) {
      case '"':
        return { type: "literal", codes: scanner.literal() };
      case "[":
        return { type: "class", ...scanner.characterClass() };
      case ".":
        scanner.take(".");
        return { type: "class", ranges: [], negated: true };
      case "<":
      case "!": {
        const negated = scanner.take("!");
        return { type: "token", token: scanner.token(), negated, offset };
      }
      case "(":
        return this.#group();
      default: {
        const name = scanner.name();
        return name === undefined ? undefined : { type: "rule", name, offset };
      }
    }
  }

  #group(): Expression {
    const scanner = this.#scanner;
    const offset = scanner.at;
    if (++this.#depth > maxDepth)
      throw scanner.error(`groups are nested more than ${maxDepth} deep: give the inner ones rules of their own`);
    scanner.take("(");
    scanner.skipSpace(true);
    const body = this.#choice(true);
    if (!scanner.take(")")) {
      if (!scanner.atEnd) throw scanner.error(`cannot read ${JSON.stringify(scanner.peek())} in a group`);
      throw scanner.error("this group is never closed: a ) is missing", offset);
    }
    this.#depth--;
    // A group may be repeated though it holds nothing.
    return isNothing(body) ? empty : body;
  }

  #times(nested: boolean): { min: number; max: number } | undefined {
    const scanner = this.#scanner;
    const start = scanner.at;
    const sign = scanner.peek();
    if (sign === "*" || sign === "+" || sign === "?") {
      scanner.take(sign);
      scanner.skipSpace(nested);
      return { min: sign === "+" ? 1 : 0, max: sign === "?" ? 1 : Infinity };
    }
    if (!scanner.take("{")) return undefined;
    scanner.skipSpace(nested);
    const min = this.#count();
    let max = min;
    scanner.skipSpace(nested);
    if (scanner.take(",")) {
      scanner.skipSpace(nested);
      max = /\d/.test(scanner.peek()) ? this.#count() : Infinity;
      scanner.skipSpace(nested);
    }
    if (!scanner.take("}")) throw scanner.error("expected a repetition like {2}, {2,} or {2,5}");
    if (min > max) {
      const written = `{${min},${max}}`;
      throw scanner.error(
        `the repetition ${written} has a minimum above its maximum: did you mean {${max},${min}}?`,
        start,
      );
    }
    scanner.skipSpace(nested);
    return { min, max };
  }

  #count(): number {
    const start = this.#scanner.at;
    const digits = this.#scanner.digits();
    if (digits === "") throw this.#scanner.error("expected a number: repetitions are {2}, {2,} or {2,5}");
    const count = Number(digits);
    if (count > maxTimes) throw this.#scanner.error(`a repetition may count to ${maxTimes}, not ${digits}`, start);
    return count;
  }
}

function isNothing(item: Expression): boolean {
  return item.type === "literal" && item.codes.length === 0;
}
