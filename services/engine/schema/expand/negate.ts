import { isNumber } from "../document/decimal.ts";
import { countKeyword, keyword, listKeyword, mapKeyword, namesKeyword, textKeyword } from "../document/keywords.ts";
import { isKeywords, type Implied, type SchemaDocument, type SchemaNode } from "../document/schema-document.ts";
import { applicatorKeywords, assertionKeywords, jsonTypes, typesOf } from "../document/value-space.ts";

/**
 * Schemas of which at least one holds exactly when `node` does not; undefined when that cannot be said with what the
 * compiler honours.
 */
export function negationsOf(document: SchemaDocument, node: SchemaNode): readonly SchemaNode[] | undefined {
  const found: SchemaNode[] = [];
  if (node.opposite.schema) found.push(twice(document, node.opposite.schema));
  else if (Object.keys(node.opposite).length > 0) return undefined;
  for (const name of Object.keys(node.keywords)) {
    const negate = Object.hasOwn(negations, name) ? negations[name] : undefined;
    const each = negate?.(node, (tag, implied) => document.imply(node, `not ${name} ${tag}`, implied), document);
    if (each) found.push(...each);
    else if (assertionKeywords.has(name) || applicatorKeywords.has(name)) return undefined;
    // The rest says nothing that could be untrue.
  }
  return found;
}

type Imply = (tag: string | number, implied: Implied) => SchemaNode;
type Negation = (node: SchemaNode, imply: Imply, document: SchemaDocument) => readonly SchemaNode[] | undefined;

const negations: Readonly<Record<string, Negation>> = {
  type(node, imply) {
    const types = typesOf(node)!;
    const others = jsonTypes.filter((type) => !types.has(type) && type !== "integer" && type !== "number");
    const found = others.length > 0 ? [imply("", { keywords: { type: others } })] : [];
    if (types.has("number")) return found;
    const fractions = types.has("integer") ? { opposite: { multipleOf: 1 } } : {};
    return [...found, imply("numbers", { keywords: { type: "number" }, ...fractions })];
  },
  const: (node, imply) => [valuesNegation([keyword(node, "const")], imply)],
  enum: (node, imply) => [valuesNegation(listKeyword(node, "enum")!, imply)],
  required: (node, imply) =>
    namesKeyword(node, "required")!.map((name) =>
      imply(name, { keywords: { type: "object", properties: { [name]: false } } }),
    ),
  properties: (node, imply) =>
    Object.entries(mapKeyword(node, "properties")!).map(([name, schema]) =>
      imply(name, { keywords: { type: "object", required: [name], properties: { [name]: { not: schema } } } }),
    ),
  additionalProperties: (node, imply, document) => [
    memberNegation(imply, {
      except: {
        names: Object.keys(mapKeyword(node, "properties") ?? {}),
        patterns: Object.keys(mapKeyword(node, "patternProperties") ?? {}),
      },
      value: negated(document, document.child(node, "additionalProperties")),
    }),
  ],
  patternProperties: (node, imply, document) =>
    Object.keys(mapKeyword(node, "patternProperties")!).map((pattern) =>
      memberNegation((tag, implied) => imply(`${pattern} ${tag}`, implied), {
        except: { names: [], patterns: [] },
        name: document.imply(node, `name like ${pattern}`, { keywords: { type: "string", pattern } }),
        value: negated(document, document.child(node, "patternProperties", pattern)),
      }),
    ),
  propertyNames: (node, imply, document) => [
    memberNegation(imply, {
      except: { names: [], patterns: [] },
      name: negated(document, document.child(node, "propertyNames")),
    }),
  ],
  prefixItems: (node, imply) => placesNegation(listKeyword(node, "prefixItems")!, imply),
  items(node, imply) {
    const items = keyword(node, "items");
    if (Array.isArray(items)) return placesNegation(items, imply);
    return restNegation(items, (keyword(node, "prefixItems") as unknown[] | undefined)?.length ?? 0, imply);
  },
  additionalItems(node, imply) {
    const items = keyword(node, "items");
    return Array.isArray(items) ? restNegation(keyword(node, "additionalItems"), items.length, imply) : [];
  },
  contains(node, imply) {
    if (keyword(node, "minContains") !== undefined || keyword(node, "maxContains") !== undefined) return undefined;
    return [imply("", { keywords: { type: "array", items: { not: keyword(node, "contains") } } })];
  },
  // Each says nothing without `contains`, which speaks for them.
  minContains: () => [],
  maxContains: () => [],
  uniqueItems: (node) => (keyword(node, "uniqueItems") === true ? undefined : []),
  pattern: (node, imply) => [
    imply("", { keywords: { type: "string" }, opposite: { pattern: textKeyword(node, "pattern")! } }),
  ],
  multipleOf(node, imply) {
    const multipleOf = keyword(node, "multipleOf");
    return isNumber(multipleOf) ? [imply("", { keywords: { type: "number" }, opposite: { multipleOf } })] : undefined;
  },
  not: (node, _imply, document) => [twice(document, document.child(node, "not"))],
  allOf: (node, _imply, document) =>
    listKeyword(node, "allOf")!.map((_, i) => negated(document, document.child(node, "allOf", i))),
  anyOf: (node, imply) => [
    imply("", { keywords: { allOf: listKeyword(node, "anyOf")!.map((each) => ({ not: each })) } }),
  ],
  /** None of them, or two. */
  oneOf(node, imply) {
    const branches = listKeyword(node, "oneOf")!;
    const pairs = branches.flatMap((a, i) => branches.slice(i + 1).map((b) => ({ allOf: [a, b] })));
    const none = { allOf: branches.map((each) => ({ not: each })) };
    return [imply("", { keywords: { anyOf: [none, ...pairs] } })];
  },
  if(node, imply) {
    const [condition, yes, no] = ["if", "then", "else"].map((name) => keyword(node, name)) as [
      unknown,
      unknown,
      unknown,
    ];
    return [
      ...(yes === undefined ? [] : [imply("then", { keywords: { allOf: [condition, { not: yes }] } })]),
      ...(no === undefined ? [] : [imply("else", { keywords: { allOf: [{ not: condition }, { not: no }] } })]),
    ];
  },
  dependentRequired: (node, imply) => dependenciesNegation(node, "dependentRequired", imply),
  dependentSchemas: (node, imply) => dependenciesNegation(node, "dependentSchemas", imply),
  dependencies: (node, imply) => dependenciesNegation(node, "dependencies", imply),
  $ref(node, _imply, document) {
    const target = document.resolve(textKeyword(node, "$ref")!, node, "$ref");
    return typeof target === "string" ? undefined : [negated(document, target)];
  },
  minimum: bound("minimum", "exclusiveMaximum"),
  maximum: bound("maximum", "exclusiveMinimum"),
  exclusiveMinimum: bound("exclusiveMinimum", "maximum"),
  exclusiveMaximum: bound("exclusiveMaximum", "minimum"),
  minLength: count("minLength", "string", "maxLength", -1),
  maxLength: count("maxLength", "string", "minLength", 1),
  minItems: count("minItems", "array", "maxItems", -1),
  maxItems: count("maxItems", "array", "minItems", 1),
  minProperties: count("minProperties", "object", "maxProperties", -1),
  maxProperties: count("maxProperties", "object", "minProperties", 1),
};

/** A schema that holds when another does not. */
export function negated(document: SchemaDocument, node: SchemaNode): SchemaNode {
  return document.imply(node, "not", { opposite: { schema: node } });
}

/** What a schema says when "not" stands before it twice: the same, but its members do not count as evaluated. */
function twice(document: SchemaDocument, node: SchemaNode): SchemaNode {
  return document.imply(node, "not not", { keywords: node.keywords, opposite: node.opposite });
}

/** Objects and arrays are told apart by their parts, which may be written in many ways. */
function valuesNegation(values: readonly unknown[], imply: Imply): SchemaNode {
  const isComposite = (value: unknown): boolean => Array.isArray(value) || isKeywords(value);
  const structures = values.filter(isComposite).map((value) => ({ not: structureOf(value) }));
  return imply("", {
    keywords: structures.length > 0 ? { allOf: structures } : {},
    opposite: { values: values.filter((value) => !isComposite(value)) },
  });
}

function structureOf(value: unknown): Readonly<Record<string, unknown>> {
  if (Array.isArray(value)) {
    const items = value.map((item) => ({ const: item as unknown }));
    return { type: "array", prefixItems: items, items: false, minItems: items.length };
  }
  const members = Object.entries(value as object).map(
    ([name, member]) => [name, { const: member as unknown }] as const,
  );
  return {
    type: "object",
    properties: Object.fromEntries(members),
    required: members.map(([name]) => name),
    additionalProperties: false,
  };
}

function memberNegation(imply: Imply, member: NonNullable<NonNullable<Implied["opposite"]>["member"]>): SchemaNode {
  return imply("member", { keywords: { type: "object" }, opposite: { member } });
}

/** One of the first places is there and has another value. */
function placesNegation(schemas: readonly unknown[], imply: Imply): readonly SchemaNode[] {
  return schemas.map((schema, i) =>
    imply(i, {
      keywords: {
        type: "array",
        minItems: i + 1,
        prefixItems: [...Array<unknown>(i).fill(true), { not: schema }],
        items: true,
      },
    }),
  );
}

/** One of the later places is there and has another value. */
function restNegation(schema: unknown, from: number, imply: Imply): readonly SchemaNode[] | undefined {
  if (schema === false) return [imply("rest", { keywords: { type: "array", minItems: from + 1 } })];
  if (from > 0) return schema === true ? [] : undefined;
  return [imply("rest", { keywords: { type: "array", contains: { not: schema } } })];
}

function dependenciesNegation(node: SchemaNode, map: string, imply: Imply): readonly SchemaNode[] {
  return Object.entries(mapKeyword(node, map)!).map(([name, dependency]) => {
    const opposite = Array.isArray(dependency) ? { required: dependency as unknown } : dependency;
    return imply(name, { keywords: { type: "object", required: [name], not: opposite } });
  });
}

/** The opposite of a bound is another bound, for numbers. */
function bound(name: string, opposite: string): Negation {
  return (node, imply) => {
    const value = keyword(node, name);
    return isNumber(value) ? [imply("", { keywords: { type: "number", [opposite]: value } })] : undefined;
  };
}

/** The same for counts, where it is one more or one less. */
function count(name: string, type: string, opposite: string, step: 1 | -1): Negation {
  return (node, imply) => {
    const value = countKeyword(node, name)!;
    // "Not at least 0" leaves nothing.
    return value + step < 0 || value === Infinity ? [] : [imply("", { keywords: { type, [opposite]: value + step } })];
  };
}
