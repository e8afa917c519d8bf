import { combine } from "./combine.ts";
import type { Expander } from "../compile/compiler.ts";
import { exclusiveAlternatives } from "./exclusive.ts";
import { keyword, listKeyword, mapKeyword, refuseKeyword, textKeyword } from "../document/keywords.ts";
import { negationsOf } from "./negate.ts";
import { SchemaRefusal } from "../document/refusal.ts";
import type { SchemaDocument, SchemaNode } from "../document/schema-document.ts";
import { assertionKeywords, type Facts } from "../document/value-space.ts";

/** Keywords that would change what others mean, so that they cannot be passed over. */
const unsupported: Readonly<Record<string, string>> = {
  $dynamicRef: "use $ref",
  $recursiveRef: "use $ref",
  extends: "use allOf",
  disallow: "use anyOf with what is allowed",
};

/** See Expander. Throws SchemaRefusal for what says nothing or cannot be expressed; `checkTime` may throw as well. */
export function createExpander(document: SchemaDocument, checkTime: () => void): Expander {
  const known = new Map<SchemaNode, readonly Facts[]>();
  const open = new Set<SchemaNode>();
  const expander: Expander = { document, expand };

  function expand(nodes: readonly SchemaNode[]): readonly Facts[] {
    return nodes.map(alternatives).reduce<readonly Facts[]>((all, each, i) => combine(all, each, nodes[i]!), [[]]);
  }

  function alternatives(node: SchemaNode): readonly Facts[] {
    const before = known.get(node);
    if (before) return before;
    if (open.has(node))
      throw new SchemaRefusal(node.pointer, "refers to itself with nothing in between, so it says nothing");
    checkTime();
    open.add(node);
    let found: readonly Facts[] = isFact(node) ? [[node]] : [[]];
    for (const conjunct of conjuncts(node)) found = combine(found, conjunct, node);
    found = found.map((facts) => withUnevaluated(node, facts));
    open.delete(node);
    known.set(node, found);
    return found;
  }

  /** What else must hold when the node does, each as alternatives. */
  function* conjuncts(node: SchemaNode): Generator<readonly Facts[]> {
    for (const name of Object.keys(unsupported)) {
      if (keyword(node, name) !== undefined) refuseKeyword(node, name, `is not supported: ${unsupported[name]}`);
    }
    const reference = textKeyword(node, "$ref");
    if (reference !== undefined) yield alternatives(document.resolve(reference, node));
    for (const each of branches(node, "allOf")) yield alternatives(each);
    if (keyword(node, "anyOf") !== undefined) yield branches(node, "anyOf").flatMap(alternatives);
    if (keyword(node, "oneOf") !== undefined) yield exclusiveAlternatives(expander, node, branches(node, "oneOf"));
    if (keyword(node, "not") !== undefined) yield negated(document.child(node, "not"));
    if (keyword(node, "if") !== undefined) yield conditional(node);
    yield* dependencies(node);
  }

  function branches(node: SchemaNode, name: string): SchemaNode[] {
    return (listKeyword(node, name) ?? []).map((_, i) => document.child(node, name, i));
  }

  function negated(node: SchemaNode): readonly Facts[] {
    const negations = negationsOf(document, node);
    if (negations) return negations.flatMap(alternatives);
    throw new SchemaRefusal(
      node.pointer,
      "cannot be negated: say what is allowed instead, for example with enum or anyOf",
    );
  }

  /** `if` and `then`, or not `if` and `else`. */
  function conditional(node: SchemaNode): readonly Facts[] {
    const condition = document.child(node, "if");
    const branch = (name: string): SchemaNode[] =>
      keyword(node, name) === undefined ? [] : [document.child(node, name)];
    if (branch("then").length + branch("else").length === 0) return [[]];
    return [...expand([condition, ...branch("then")]), ...combine(negated(condition), expand(branch("else")), node)];
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

  function withUnevaluated(node: SchemaNode, facts: Facts): Facts {
    const implied: SchemaNode[] = [];
    const properties = keyword(node, "unevaluatedProperties");
    if (properties !== undefined && !facts.some((fact) => keyword(fact, "additionalProperties") !== undefined)) {
      const names = facts.flatMap((fact) => Object.keys(mapKeyword(fact, "properties") ?? {}));
      const keywords = {
        properties: Object.fromEntries(names.map((name) => [name, true])),
        additionalProperties: properties,
      };
      implied.push(document.imply(node, `properties other than ${JSON.stringify(names)}`, { keywords }));
    }
    const items = keyword(node, "unevaluatedItems");
    if (items !== undefined && !facts.some((fact) => keyword(fact, "items") !== undefined)) {
      const length = Math.max(0, ...facts.map((fact) => listKeyword(fact, "prefixItems")?.length ?? 0));
      const keywords = { prefixItems: Array(length).fill(true), items };
      implied.push(document.imply(node, `items after ${length}`, { keywords }));
    }
    return [...facts, ...implied];
  }

  return expander;
}

function isFact(node: SchemaNode): boolean {
  return node.excluded !== undefined || Object.keys(node.keywords).some((name) => assertionKeywords.has(name));
}
