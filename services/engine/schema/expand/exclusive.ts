import { combine } from "./combine.ts";
import type { Expander } from "../compile/compiler.ts";
import { negationsOf } from "./negate.ts";
import { isEmptyRange, numberBounds } from "../document/number-bounds.ts";
import { objectFacts } from "./object-facts.ts";
import { pointerTo } from "../document/refusal.ts";
import type { SchemaNode } from "../document/schema-document.ts";
import {
  canonicalJson,
  commonTypes,
  type Facts,
  type JsonType,
  jsonTypes,
  valueSpaceOf,
} from "../document/value-space.ts";

/** How far into required members to look for what tells alternatives apart; a discriminator is at the first level. */
const maxLook = 3;

// Every pair is compared: beyond this the time is noticed.
const maxPairs = 40_000;

/** So many forms of "and not another branch" are kept. */
const maxOpposites = 64;
const unitsPerWay = 100;

/** One alternative of a branch. */
interface Way {
  readonly branch: number;
  /** With the types that are generated for it, where it does not state them. */
  readonly facts: Facts;
  /** As it is written, at this place. */
  readonly stated: Facts;
  readonly types: ReadonlySet<JsonType>;
  readonly values: ReadonlySet<string> | undefined;
}

/**
 * The alternatives of `oneOf`: exactly one branch may hold. Branches that cannot hold together (other types, a `const`
 * that tells them apart) stay as they are. From the rest is taken what the others would accept too: a name that another
 * requires and this one does not list must be absent, or the opposite of the other must hold. Where that has many
 * forms only those are kept that leave one required name away, or the first that is possible: narrower than it must be.
 * An opposite that cannot be expressed is not enforced.
 */
export function exclusiveAlternatives(
  expander: Expander,
  node: SchemaNode,
  branches: readonly SchemaNode[],
): readonly Facts[] {
  const ways = branches.flatMap((each, branch) => expander.expand([each]).map((facts) => wayOf(facts, branch)));
  let pairs = 0;
  return ways.flatMap((way) => {
    let { facts } = way;
    const overlapping = new Set<number>();
    for (const other of ways) {
      if (other.branch === way.branch || overlapping.has(other.branch) || areApart(way, other)) continue;
      if (++pairs > maxPairs) {
        if (pairs === maxPairs + 1)
          expander.onUnenforced(pointerTo(node.pointer, "oneOf"), "has too many alternatives to compare: use anyOf");
        break;
      }
      expander.work.spend(40 * (facts.length + other.stated.length), node.pointer);
      if (isImpossible(expander, [...facts, ...other.stated], maxLook)) continue;
      const without = absences(way.facts, other.stated).find((absence) =>
        isImpossible(expander, [...facts, absence, ...other.stated], maxLook),
      );
      if (without) facts = [...facts, without];
      else overlapping.add(other.branch);
    }
    return [...overlapping].reduce<readonly Facts[]>((all, j) => without(all, j, way.branch), [facts]);
  });

  /** What is left of the alternatives when another branch must not hold. */
  function without(all: readonly Facts[], j: number, i: number): readonly Facts[] {
    const negations = negationsOf(expander.document, branches[j]!);
    if (!negations) {
      const remedy = "use anyOf, or tell them apart by a required property with a const in each";
      expander.onUnenforced(branches[j]!.pointer, `may hold together with branch ${i} of its oneOf: ${remedy}`);
      return all;
    }
    const opposites = negations.flatMap((negation) => expander.expand([negation]));
    const isFew = all.length * opposites.length <= maxOpposites;
    const inOrder = isFew
      ? opposites
      : opposites.toSorted((a, b) => Number(b.some(isAbsence)) - Number(a.some(isAbsence)));
    return all.flatMap((facts) => {
      const found: Facts[] = [];
      for (const each of inOrder) {
        // Enough of the many ways: the rest is left out.
        if (!isFew && found.length > 0 && !each.some(isAbsence)) break;
        if (!isFew && (found.length + 1) * all.length > maxOpposites) break;
        expander.work.spend(unitsPerWay, node.pointer);
        const [both] = combine([facts], [each])!;
        if (both && !isImpossible(expander, both, 1)) found.push(both);
      }
      return found;
    });
  }

  /** For each name that `others` require and `facts` do not list: that it is not there. */
  function absences(facts: Facts, others: Facts): readonly SchemaNode[] {
    const listed = new Set(objectFacts(expander, facts).names);
    const missing = [...objectFacts(expander, others).required].filter((name) => !listed.has(name));
    return missing.map((name) =>
      expander.document.imply(node, `without ${name}`, { keywords: { properties: { [name]: false } } }),
    );
  }

  function wayOf(facts: Facts, branch: number): Way {
    const stated = [node, ...facts];
    const { types, typesAre, values } = valueSpaceOf(stated);
    const keywords = { type: [...types] };
    const typed =
      typesAre === "inferred" ? [expander.document.imply(node, `type ${keywords.type.join(" ")}`, { keywords })] : [];
    return {
      branch,
      facts: [...facts, ...typed],
      stated,
      types: typesAre === "stated" ? types : new Set(jsonTypes),
      values: values && new Set(values.map(canonicalJson)),
    };
  }
}

/** Whether types or listed values alone tell two alternatives apart. */
function areApart(a: Way, b: Way): boolean {
  if (a.values && b.values) return ![...a.values].some((value) => b.values!.has(value));
  return commonTypes(a.types, b.types).size === 0;
}

/** Whether it is certain that nothing satisfies the facts; false also where that is hard to tell. */
function isImpossible(expander: Expander, facts: Facts, look: number): boolean {
  const { types, typesAre, values } = valueSpaceOf(facts);
  if (typesAre !== "stated") return false;
  if (values) return values.every((value) => isExcluded(facts, value));
  const possible = [...types].filter((type) => {
    if (type === "number" || type === "integer") return !isEmptyRange(numberBounds(facts));
    if (type !== "object" || look === 0) return true;
    const object = objectFacts(expander, facts);
    return [...object.required].every((name) => {
      const nodes = object.member(name);
      if (nodes.length === 0) return true;
      const alternatives = expander.expand(nodes);
      return alternatives.some((member) => !isImpossible(expander, member, look - 1));
    });
  });
  return possible.length === 0;
}

function isExcluded(facts: Facts, value: unknown): boolean {
  const json = canonicalJson(value);
  return facts.some(({ opposite }) => opposite.values?.some((excluded) => canonicalJson(excluded) === json));
}

/** Whether a fact says that a name is absent. */
function isAbsence({ implied, keywords }: SchemaNode): boolean {
  return implied && Object.values(mapKeyword(keywords)).includes(false);
}

function mapKeyword({ properties }: Readonly<Record<string, unknown>>): object {
  return typeof properties === "object" && properties !== null ? properties : {};
}
