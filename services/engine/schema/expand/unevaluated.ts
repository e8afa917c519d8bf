import { keyword, listKeyword, mapKeyword } from "../document/keywords.ts";
import type { SchemaDocument, SchemaNode } from "../document/schema-document.ts";
import type { Facts } from "../document/value-space.ts";

/**
 * What `unevaluatedProperties` and `unevaluatedItems` of a node say about one of its alternatives: there it is known
 * which schemas hold, and so which members and items they evaluate. Those of schemas that do not hold (`not`, a failed
 * `if`) evaluate nothing.
 */
export function unevaluatedNodes(document: SchemaDocument, node: SchemaNode, facts: Facts): readonly SchemaNode[] {
  const evaluating = facts.filter(({ annotates }) => annotates);
  return [...unevaluatedProperties(document, node, evaluating), ...unevaluatedItems(document, node, evaluating)];
}

function unevaluatedProperties(document: SchemaDocument, node: SchemaNode, facts: Facts): readonly SchemaNode[] {
  const schema = keyword(node, "unevaluatedProperties");
  if (schema === undefined || facts.some((fact) => keyword(fact, "additionalProperties") !== undefined)) return [];
  const spokenOf = (name: string): readonly string[] =>
    facts.flatMap((fact) => Object.keys(mapKeyword(fact, name) ?? {}));
  const [names, patterns] = [spokenOf("properties"), spokenOf("patternProperties")];
  const keywords = {
    properties: Object.fromEntries(names.map((name) => [name, true])),
    patternProperties: Object.fromEntries(patterns.map((pattern) => [pattern, true])),
    additionalProperties: schema,
  };
  const tag = `properties other than ${JSON.stringify([names, patterns])}`;
  return [document.imply(node, tag, { keywords, annotates: true })];
}

function unevaluatedItems(document: SchemaDocument, node: SchemaNode, facts: Facts): readonly SchemaNode[] {
  const schema = keyword(node, "unevaluatedItems");
  const isRest = (fact: SchemaNode): boolean =>
    Array.isArray(keyword(fact, "items"))
      ? keyword(fact, "additionalItems") !== undefined
      : keyword(fact, "items") !== undefined;
  if (schema === undefined || facts.some(isRest)) return [];
  const prefix = (fact: SchemaNode): number => {
    const items = keyword(fact, "items");
    return (listKeyword(fact, "prefixItems") ?? (Array.isArray(items) ? items : [])).length;
  };
  const length = Math.max(0, ...facts.map(prefix));
  const keywords = { prefixItems: Array<boolean>(length).fill(true), items: schema };
  return [document.imply(node, `items after ${length}`, { keywords, annotates: true })];
}
