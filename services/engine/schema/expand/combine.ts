import { type Facts, valueSpaceOf } from "../document/value-space.ts";

/** allOf of anyOf multiplies; schemas that people write stay far below. */
export const maxAlternatives = 2000;
const maxTried = 50_000;

/** Each alternative of one with each of the other, less those that cannot hold together; undefined: too many. */
export function combine(a: readonly Facts[], b: readonly Facts[]): readonly Facts[] | undefined {
  if (a.length > 1 && b.length > 1 && a.length * b.length > maxTried) return undefined;
  const found: Facts[] = [];
  for (const left of a) {
    for (const right of b) {
      const facts = left.length === 0 ? right : [...new Set([...left, ...right])];
      if (left.length > 0 && right.length > 0 && valueSpaceOf(facts).types.size === 0) continue;
      if (found.push(facts) > maxAlternatives) return undefined;
    }
  }
  return found;
}
