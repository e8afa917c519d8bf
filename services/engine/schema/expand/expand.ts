import { combine, maxAlternatives } from "./combine.ts";
import type { Expander } from "../compile/compiler.ts";
import type { Work } from "../compile/work.ts";
import { exclusiveAlternatives } from "./exclusive.ts";
import { keyword, listKeyword, mapKeyword, refuseKeyword, textKeyword } from "../document/keywords.ts";
import { negationsOf } from "./negate.ts";
import { type OnUnenforced, pointerTo, SchemaRefusal } from "../document/refusal.ts";
import type { SchemaDocument, SchemaNode } from "../document/schema-document.ts";
import { unevaluatedNodes } from "./unevaluated.ts";
import { assertionKeywords, type Facts } from "../document/value-space.ts";

/** Keywords of draft 3 that would change what others mean, so that they cannot be passed over. */
const unsupported: Readonly<Record<string, string>> = {
  extends: "use allOf",
  disallow: "use anyOf with what is allowed",
};

const unitsPerPair = 10;

export interface ExpanderOptions {
  readonly document: SchemaDocument;
  readonly work: Work;
  readonly onUnenforced: OnUnenforced;
}

/** See Expander. Throws SchemaRefusal for what says nothing; what cannot be expressed is told to `onUnenforced`. */
export function createExpander({ document, work, onUnenforced }: ExpanderOptions): Expander {
  const known = new Map<SchemaNode, readonly Facts[]>();
  const open = new Set<SchemaNode>();
  const expander: Expander = { document, work, onUnenforced, expand };

  function expand(nodes: readonly SchemaNode[]): readonly Facts[] {
    return nodes.reduce<readonly Facts[]>((all, node) => and(all, alternatives(node), node.pointer), [[]]);
  }

  /** Both; where that has too many combinations the second is not enforced. */
  function and(a: readonly Facts[], b: readonly Facts[], pointer: string): readonly Facts[] {
    work.spend(unitsPerPair * a.length * b.length, pointer);
    const both = combine(a, b);
    if (!both) onUnenforced(pointer, `has more than ${maxAlternatives} combinations of its alternatives: simplify it`);
    return both ?? a;
  }

  function alternatives(node: SchemaNode): readonly Facts[] {
    const before = known.get(node);
    if (before) return before;
    if (open.has(node))
      throw new SchemaRefusal(node.pointer, "refers to itself with nothing in between, so it says nothing");
    open.add(node);
    let found: readonly Facts[] = isFact(node) ? [[node]] : [[]];
    for (const conjunct of conjuncts(node)) found = and(found, conjunct, node.pointer);
    found = found.map((facts) => [...facts, ...unevaluatedNodes(document, node, facts)]);
    open.delete(node);
    known.set(node, found);
    return found;
  }

  /** What else must hold when the node does, each as alternatives. */
  function* conjuncts(node: SchemaNode): Generator<readonly Facts[]> {
    for (const name of Object.keys(unsupported)) {
      if (keyword(node, name) !== undefined) refuseKeyword(node, name, `is not supported: ${unsupported[name]}`);
    }
    for (const name of ["$ref", "$dynamicRef", "$recursiveRef"]) {
      const reference = textKeyword(node, name);
      if (reference !== undefined) yield referred(node, name, reference);
    }
    for (const each of branches(node, "allOf")) yield alternatives(each);
    if (keyword(node, "anyOf") !== undefined) yield branches(node, "anyOf").flatMap(alternatives);
    if (keyword(node, "oneOf") !== undefined) yield exclusiveAlternatives(expander, node, branches(node, "oneOf"));
    if (keyword(node, "not") !== undefined) yield negated(document.child(node, "not"));
    if (node.opposite.schema) yield negated(node.opposite.schema);
    if (keyword(node, "if") !== undefined) yield conditional(node);
    yield* dependencies(node);
  }

  function referred(node: SchemaNode, name: string, reference: string): readonly Facts[] {
    const target = document.resolve(reference, node, name);
    if (typeof target !== "string") return alternatives(target);
    onUnenforced(pointerTo(node.pointer, name), target);
    return [[]];
  }

  function branches(node: SchemaNode, name: string): SchemaNode[] {
    return (listKeyword(node, name) ?? []).map((_, i) => document.child(node, name, i));
  }

  function negated(node: SchemaNode): readonly Facts[] {
    const negations = negationsOf(document, node);
    if (negations) return negations.flatMap(alternatives);
    onUnenforced(node.pointer, "cannot be negated: say what is allowed instead, for example with enum or anyOf");
    return [[]];
  }

  /** `if` and `then`, or not `if` and `else`. */
  function conditional(node: SchemaNode): readonly Facts[] {
    const condition = document.child(node, "if");
    const branch = (name: string): SchemaNode[] =>
      keyword(node, name) === undefined ? [] : [document.child(node, name)];
    if (branch("then").length + branch("else").length === 0) return [[]];
    const otherwise = and(negated(condition), expand(branch("else")), node.pointer);
    return [...expand([condition, ...branch("then")]), ...otherwise];
  }

  /** A name is absent, or what depends on it holds. */
  function* dependencies(node: SchemaNode): Generator<readonly Facts[]> {
    for (const map of ["dependentRequired", "dependentSchemas", "dependencies"]) {
      for (const [name, dependency] of Object.entries(mapKeyword(node, map) ?? {})) {
        const absent = document.imply(node, `${map} without ${name}`, { keywords: { properties: { [name]: false } } });
        const names: readonly unknown[] = Array.isArray(dependency) ? dependency : [];
        const present = document.imply(node, `${map} with ${name}`, { keywords: { required: [name, ...names] } });
        const schemas = Array.isArray(dependency) ? [] : [document.child(node, map, name)];
        yield [[absent], ...expand([present, ...schemas])];
      }
    }
  }

  return expander;
}

function isFact({ keywords, opposite }: SchemaNode): boolean {
  const { schema: _, ...rest } = opposite;
  return Object.keys(rest).length > 0 || Object.keys(keywords).some((name) => assertionKeywords.has(name));
}
