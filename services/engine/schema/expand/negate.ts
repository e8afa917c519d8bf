import { isNumber } from "../document/decimal.ts";
import { countKeyword, keyword, listKeyword, mapKeyword, namesKeyword, textKeyword } from "../document/keywords.ts";
import type { Implied, SchemaDocument, SchemaNode } from "../document/schema-document.ts";
import { applicatorKeywords, assertionKeywords, jsonTypes, typesOf } from "../document/value-space.ts";

/**
 * Schemas of which at least one holds exactly when `node` does not; undefined when that cannot be said with the keywords
 * that the compiler honours.
 */
export function negationsOf(document: SchemaDocument, node: SchemaNode): readonly SchemaNode[] | undefined {
  const found: SchemaNode[] = [];
  for (const name of Object.keys(node.keywords)) {
    const negate = Object.hasOwn(negations, name) ? negations[name] : undefined;
    const each = negate?.(node, (tag) => (implied) => document.imply(node, `not ${name} ${tag}`, implied), document);
    if (each) found.push(...each);
    else if (assertionKeywords.has(name) || applicatorKeywords.has(name)) return undefined;
    // The rest says nothing that could be untrue.
  }
  return found;
}

type Imply = (tag: string | number) => (implied: Implied) => SchemaNode;
type Negation = (node: SchemaNode, imply: Imply, document: SchemaDocument) => readonly SchemaNode[] | undefined;

const negations: Readonly<Record<string, Negation>> = {
  type(node, imply) {
    const types = typesOf(node)!;
    if (types.has("integer") && !types.has("number")) return undefined;
    const others = jsonTypes.filter((type) => !types.has(type) && type !== "integer");
    return others.length > 0 ? [imply("")({ keywords: { type: others } })] : [];
  },
  const: (node, imply) => [imply("")({ excluded: [keyword(node, "const")] })],
  enum: (node, imply) => [imply("")({ excluded: listKeyword(node, "enum") ?? [] })],
  required: (node, imply) =>
    namesKeyword(node, "required")!.map((name) =>
      imply(name)({ keywords: { type: "object", properties: { [name]: false } } }),
    ),
  properties: (node, imply) =>
    Object.entries(mapKeyword(node, "properties")!).map(([name, schema]) =>
      imply(name)({ keywords: { type: "object", required: [name], properties: { [name]: { not: schema } } } }),
    ),
  not: (node, _imply, document) => [document.child(node, "not")],
  allOf: (node, imply) => listKeyword(node, "allOf")!.map((each, i) => imply(i)({ keywords: { not: each } })),
  anyOf: (node, imply) => [
    imply("")({ keywords: { allOf: listKeyword(node, "anyOf")!.map((each) => ({ not: each })) } }),
  ],
  $ref: (node, imply, document) => [
    imply("")({ keywords: { not: document.resolve(textKeyword(node, "$ref")!, node).keywords } }),
  ],
  minimum: bound("minimum", "number", "exclusiveMaximum"),
  maximum: bound("maximum", "number", "exclusiveMinimum"),
  exclusiveMinimum: bound("exclusiveMinimum", "number", "maximum"),
  exclusiveMaximum: bound("exclusiveMaximum", "number", "minimum"),
  minLength: count("minLength", "string", "maxLength", -1),
  maxLength: count("maxLength", "string", "minLength", 1),
  minItems: count("minItems", "array", "maxItems", -1),
  maxItems: count("maxItems", "array", "minItems", 1),
  minProperties: count("minProperties", "object", "maxProperties", -1),
  maxProperties: count("maxProperties", "object", "minProperties", 1),
};

/** The opposite of a bound is another bound, for values of the type that it speaks of. */
function bound(name: string, type: string, opposite: string): Negation {
  return (node, imply) => {
    const value = keyword(node, name);
    return isNumber(value) ? [imply("")({ keywords: { type, [opposite]: value } })] : undefined;
  };
}

/** The same for counts, where it is one more or one less. */
function count(name: string, type: string, opposite: string, step: 1 | -1): Negation {
  return (node, imply) => {
    const value = countKeyword(node, name)!;
    // "Not at least 0" leaves nothing.
    return value + step < 0 || value === Infinity ? [] : [imply("")({ keywords: { type, [opposite]: value + step } })];
  };
}
