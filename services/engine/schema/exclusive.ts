import { combine } from "./combine.ts";
import type { Expander } from "./compiler.ts";
import { keyword, mapKeyword } from "./keywords.ts";
import { negationsOf } from "./negate.ts";
import { numberBounds } from "./number-bounds.ts";
import { objectFacts } from "./object-facts.ts";
import { SchemaRefusal } from "./refusal.ts";
import type { SchemaNode } from "./schema-document.ts";
import { type Facts, hasType, valueSpaceOf } from "./value-space.ts";

/** How far into required members to look for what tells two alternatives apart; a discriminator is at the first level. */
const maxLook = 3;

/**
 * The alternatives of `oneOf`: exactly one branch may hold. Branches that cannot hold together (other types, a `const`
 * that tells them apart, a required member that the other does not have) stay as they are; where two overlap, the
 * opposite of the other is added to each. Refused when that opposite cannot be expressed.
 */
export function exclusiveAlternatives(
  expander: Expander,
  node: SchemaNode,
  branches: readonly SchemaNode[],
): readonly Facts[] {
  const expanded = branches.map((branch) => expander.expand([branch]));
  return expanded.flatMap((alternatives, i) =>
    alternatives.flatMap((facts) => {
      const overlapping = expanded.flatMap((others, j) =>
        j !== i && others.some((other) => !areDisjoint(expander, facts, other, node)) ? [j] : [],
      );
      return overlapping.reduce<readonly Facts[]>((all, j) => combine(all, opposite(j, i), node), [facts]);
    }),
  );

  function opposite(j: number, i: number): readonly Facts[] {
    const negations = negationsOf(expander.document, branches[j]!);
    if (negations) return negations.flatMap((negation) => expander.expand([negation]));
    const remedy = "use anyOf, or tell them apart by a required property with a const in each";
    throw new SchemaRefusal(branches[j]!.pointer, `may hold together with branch ${i} of its oneOf: ${remedy}`);
  }
}

/** Whether no value that is generated for `facts` satisfies `others`. */
function areDisjoint(expander: Expander, facts: Facts, others: Facts, node: SchemaNode): boolean {
  return isImpossible(expander, [...facts, ...closing(expander, facts, node), ...others], maxLook);
}

/** What is generated for an object without `additionalProperties` has no other members than those it lists. */
function closing(expander: Expander, facts: Facts, node: SchemaNode): readonly SchemaNode[] {
  const lists = facts.some((fact) => mapKeyword(fact, "properties"));
  if (!lists || facts.some((fact) => keyword(fact, "additionalProperties") !== undefined)) return [];
  const { names } = objectFacts(expander.document, facts);
  const properties = Object.fromEntries(names.map((name) => [name, true]));
  return [
    expander.document.imply(node, `only ${JSON.stringify(names)}`, {
      keywords: { properties, additionalProperties: false },
    }),
  ];
}

/** Whether it is certain that nothing satisfies the facts; false also where that is hard to tell. */
function isImpossible(expander: Expander, facts: Facts, look: number): boolean {
  const { types, values, open } = valueSpaceOf(facts);
  if (open) return false;
  if (values) return values.length === 0 || values.every((value) => isExcluded(facts, value));
  const possible = [...types].filter((type) => {
    if (type === "number" || type === "integer") {
      const { min, max, open: isOpen } = numberBounds(facts);
      return min < max || (min === max && !isOpen);
    }
    if (type !== "object" || look === 0) return true;
    const object = objectFacts(expander.document, facts);
    return [...object.required].every((name) => {
      const alternatives = expander.expand(object.member(name));
      return alternatives.some((member) => !isImpossible(expander, member, look - 1));
    });
  });
  return possible.length === 0;
}

function isExcluded(facts: Facts, value: unknown): boolean {
  const type = valueSpaceOf([{ ...facts[0]!, keywords: { const: value } }]).types;
  return facts.some((fact) =>
    fact.excluded?.some((excluded) => hasType(type, excluded) && JSON.stringify(excluded) === JSON.stringify(value)),
  );
}
