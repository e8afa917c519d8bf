import { GrammarError, placeAt } from "./grammar-error.ts";
import type { Expression, Rules } from "./syntax.ts";

/**
 * Checks that the rules can be matched: there is a root, each rule referred to is defined, and none begins with itself.
 * Gives the names of the rules that may stand for nothing. Throws GrammarError with the rule's name and place.
 */
export function checkRules(rules: Rules, { root, text }: { root: string; text: string }): ReadonlySet<string> {
  if (rules.size === 0) throw new GrammarError("it has no rules");
  if (!rules.has(root)) {
    const have = [...rules.keys()].slice(0, 5).join(", ");
    throw new GrammarError(`it has no rule "${root}", which is where a text begins (it has: ${have})`);
  }
  for (const rule of rules.values()) {
    for (const reference of references(rule.body)) {
      if (rules.has(reference.name)) continue;
      const message = `rule "${rule.name}" refers to "${reference.name}", which is not defined`;
      throw new GrammarError(message, placeAt(text, reference.offset));
    }
  }
  const nullable = nullableRules(rules);
  refuseLeftRecursion(rules, nullable, text);
  return nullable;
}

/** Whether an expression matches the empty text, given the rules that do. */
export function isNullable(expression: Expression, nullable: ReadonlySet<string>): boolean {
  switch (expression.type) {
    case "literal":
      return expression.codes.length === 0;
    case "class":
    case "token":
      return false;
    case "rule":
      return nullable.has(expression.name);
    case "sequence":
      return expression.items.every((item) => isNullable(item, nullable));
    case "choice":
      return expression.options.some((option) => isNullable(option, nullable));
    case "repeat":
      return expression.min === 0 || isNullable(expression.item, nullable);
  }
}

type Reference = Extract<Expression, { type: "rule" }>;

function references(expression: Expression): Reference[] {
  const found: Reference[] = [];
  const open: Expression[] = [expression];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.type === "rule") found.push(next);
    else if (next.type === "repeat") open.push(next.item);
    else if (next.type === "sequence") for (const item of next.items) open.push(item);
    else if (next.type === "choice") for (const option of next.options) open.push(option);
  }
  return found;
}

function nullableRules(rules: Rules): Set<string> {
  const users = new Map<string, string[]>();
  for (const { name, body } of rules.values()) {
    for (const reference of references(body)) {
      const known = users.get(reference.name);
      if (known === undefined) users.set(reference.name, [name]);
      else known.push(name);
    }
  }
  const nullable = new Set<string>();
  const open = [...rules.keys()];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    const rule = rules.get(name);
    if (rule === undefined || nullable.has(name) || !isNullable(rule.body, nullable)) continue;
    nullable.add(name);
    for (const user of users.get(name) ?? []) open.push(user);
  }
  return nullable;
}

/** The references that an expression may begin with. */
function leftmost(expression: Expression, nullable: ReadonlySet<string>): Reference[] {
  switch (expression.type) {
    case "literal":
    case "class":
    case "token":
      return [];
    case "rule":
      return [expression];
    case "repeat":
      return expression.max === 0 ? [] : leftmost(expression.item, nullable);
    case "choice":
      return expression.options.flatMap((option) => leftmost(option, nullable));
    case "sequence": {
      const found: Reference[] = [];
      for (const item of expression.items) {
        for (const reference of leftmost(item, nullable)) found.push(reference);
        if (!isNullable(item, nullable)) break;
      }
      return found;
    }
  }
}

function refuseLeftRecursion(rules: Rules, nullable: ReadonlySet<string>, text: string): void {
  const done = new Set<string>();
  for (const start of rules.keys()) {
    // Depth first, without recursion: grammars have rules by the thousand.
    const path: { readonly name: string; readonly next: Reference[] }[] = [];
    const onPath = new Set<string>();
    const enter = (name: string): void => {
      path.push({ name, next: leftmost(rules.get(name)?.body ?? { type: "sequence", items: [] }, nullable) });
      onPath.add(name);
    };
    if (!done.has(start)) enter(start);
    for (let here = path.at(-1); here !== undefined; here = path.at(-1)) {
      const reference = here.next.pop();
      if (reference === undefined) {
        path.pop();
        onPath.delete(here.name);
        done.add(here.name);
      } else if (onPath.has(reference.name)) {
        const names = path.map(({ name }) => name);
        const circle = [...names.slice(names.indexOf(reference.name)), reference.name];
        const way = circle.length > 8 ? [...circle.slice(0, 4), "…", ...circle.slice(-3)] : circle;
        const message = `rule "${reference.name}" begins with itself (${way.join(" → ")}): left recursion cannot be matched; let the recursion stand at the end, or use * and +`;
        throw new GrammarError(message, placeAt(text, reference.offset));
      } else if (!done.has(reference.name)) enter(reference.name);
    }
  }
}
