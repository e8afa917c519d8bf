import { isNullable } from "../gbnf/check-rules.ts";
import type { Expression, Rule, Rules } from "../gbnf/syntax.ts";

/** A sequence of nothing but optional parts is written out once for each part that may come first. */
const maxOptionalParts = 8;

/**
 * The same language, with repetitions of what may be empty turned into repetitions of what is not: `([a-z]?){1000}` into
 * `[a-z]{0,1000}`, `([a-z]*)*` into `[a-z]*`. Otherwise a text could be read in as many ways as it can be cut.
 */
export function simplifyRepetitions(rules: Rules, nullable: ReadonlySet<string>): Rules {
  const simplified = new Map<string, Rule>();
  const withoutEmpty = new Map<string, string>();
  for (const [name, rule] of rules) simplified.set(name, { ...rule, body: simplify(rule.body) });
  return simplified;

  function simplify(expression: Expression): Expression {
    switch (expression.type) {
      case "sequence":
        return { ...expression, items: expression.items.map(simplify) };
      case "choice":
        return { ...expression, options: expression.options.map(simplify) };
      case "repeat":
        return simplifyRepeat(expression);
      default:
        return expression;
    }
  }

  function simplifyRepeat({ item, min, max }: Extract<Expression, { type: "repeat" }>): Expression {
    if (!isNullable(item, nullable)) {
      const inner = simplify(item);
      // (x+)* is x*, (x+)+ is x+.
      const isOne =
        inner.type === "repeat" && inner.min === 1 && inner.max === Infinity && min <= 1 && max === Infinity;
      return isOne ? { ...inner, min } : { type: "repeat", item: inner, min, max };
    }
    const filled = nonEmpty(item);
    if (filled === undefined) return { type: "repeat", item: simplify(item), min, max };
    // A repetition of a repetition from one on is one repetition, when one of the two has no end.
    if (filled.type === "repeat" && filled.min <= 1 && (max === Infinity || filled.max === Infinity))
      return max === 0 ? { type: "sequence", items: [] } : { ...filled, min: 0, max: Infinity };
    return { type: "repeat", item: filled, min: 0, max };
  }

  /** What an expression matches but for the empty text; undefined: it would be too long to write. */
  function nonEmpty(expression: Expression): Expression | undefined {
    if (!isNullable(expression, nullable)) return simplify(expression);
    switch (expression.type) {
      case "choice": {
        const options = expression.options.map(nonEmpty);
        return options.includes(undefined)
          ? undefined
          : {
              type: "choice",
              options: options.filter((option) => option !== undefined && !isImpossible(option)) as Expression[],
            };
      }
      case "repeat": {
        const { item, max } = expression;
        const filled = nonEmpty(item);
        if (filled === undefined || max === 0) return max === 0 ? impossible : undefined;
        if (filled.type === "repeat" && filled.min === 1 && filled.max === Infinity) return filled;
        return max === 1 ? filled : { type: "repeat", item: filled, min: 1, max };
      }
      case "sequence":
        return nonEmptySequence(expression.items);
      case "rule": {
        const name = nonEmptyRule(expression.name);
        return name === undefined ? undefined : { ...expression, name };
      }
      default:
        return impossible;
    }
  }

  /** Whichever part comes first, and what may follow it. */
  function nonEmptySequence(items: readonly Expression[]): Expression | undefined {
    if (items.length > maxOptionalParts) return undefined;
    const options: Expression[] = [];
    for (const [index, item] of items.entries()) {
      const first = nonEmpty(item);
      if (first === undefined) return undefined;
      const rest = items.slice(index + 1).map(simplify);
      if (!isImpossible(first)) options.push(rest.length === 0 ? first : { type: "sequence", items: [first, ...rest] });
    }
    return options.length === 1 ? options[0] : { type: "choice", options };
  }

  /** A rule of its own for what a rule matches but for the empty text. Such names cannot be written in GBNF. */
  function nonEmptyRule(of: string): string | undefined {
    const known = withoutEmpty.get(of);
    if (known !== undefined) return known;
    const rule = rules.get(of);
    if (rule === undefined) return undefined;
    const name = `${of} without empty`;
    withoutEmpty.set(of, name);
    const body = nonEmpty(rule.body);
    // Too long to write: the rule itself, which costs more to match and says the same in a repetition.
    simplified.set(name, { ...rule, name, body: body ?? { type: "rule", name: of, offset: rule.offset } });
    return name;
  }
}

const impossible: Expression = { type: "choice", options: [] };

function isImpossible(expression: Expression): boolean {
  return expression.type === "choice" && expression.options.length === 0;
}
