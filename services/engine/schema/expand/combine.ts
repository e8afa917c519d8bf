import { SchemaRefusal } from "../document/refusal.ts";
import type { SchemaNode } from "../document/schema-document.ts";
import { type Facts, valueSpaceOf } from "../document/value-space.ts";

// allOf of anyOf multiplies; schemas that people write stay far below.
const maxAlternatives = 2000;
const maxTried = 50_000;

/** Each alternative of one with each of the other, less those that cannot hold together. */
export function combine(a: readonly Facts[], b: readonly Facts[], node: SchemaNode): readonly Facts[] {
  const refuse = (): never => {
    throw new SchemaRefusal(
      node.pointer,
      `has more than ${maxAlternatives} combinations of its alternatives: simplify it`,
    );
  };
  if (a.length > 1 && b.length > 1 && a.length * b.length > maxTried) refuse();
  const found: Facts[] = [];
  for (const left of a) {
    for (const right of b) {
      const facts = left.length === 0 ? right : [...new Set([...left, ...right])];
      if (left.length > 0 && right.length > 0 && valueSpaceOf(facts).types.size === 0) continue;
      if (found.push(facts) > maxAlternatives) refuse();
    }
  }
  return found;
}
