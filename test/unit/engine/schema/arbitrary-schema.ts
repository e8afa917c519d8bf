import fc from "fast-check";

/** A schema, and values that it accepts: members in the schema's order, nothing that it does not list. */
export interface SchemaSample {
  readonly schema: Record<string, unknown>;
  readonly value: fc.Arbitrary<unknown>;
}

const names = fc
  .oneof(fc.constantFrom("a", "b", "ab", "abc", "name", "kind"), fc.string({ maxLength: 5, unit: "grapheme" }))
  .filter(
    // JavaScript moves members with such names to the front.
    (name) => !/^\d+$/.test(name) && name !== "__proto__",
  );

const scalars: readonly fc.Arbitrary<SchemaSample>[] = [
  fc.constant({ schema: { type: "null" }, value: fc.constant(null) }),
  fc.constant({ schema: { type: "boolean" }, value: fc.boolean() }),
  fc.constant({ schema: { type: "integer" }, value: fc.maxSafeInteger() }),
  fc.constant({
    schema: { type: "number" },
    value: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e279, max: 1e279 }),
  }),
  fc.tuple(fc.integer({ min: -5000, max: 5000 }), fc.nat(3000)).map(([low, width]) => ({
    schema: { type: "integer", minimum: low, maximum: low + width },
    value: fc.integer({ min: low, max: low + width }),
  })),
  fc
    .tuple(fc.integer({ min: -500, max: 500 }), fc.integer({ min: 1, max: 900 }), fc.constantFrom(1, 10, 100, 1000))
    .map(([low, width, scale]) => ({
      schema: { type: "number", exclusiveMinimum: low / scale, maximum: (low + width) / scale },
      value: fc.integer({ min: low * 10 + 1, max: (low + width) * 10 }).map((scaled) => scaled / (scale * 10)),
    })),
  fc.tuple(fc.nat(5), fc.nat(200)).map(([min, more]) => ({
    schema: { type: "string", minLength: min, maxLength: min + more },
    value: fc.string({ minLength: min, maxLength: min + more, unit: "binary" }).filter((text) => text.isWellFormed()),
  })),
  fc
    .constantFrom(
      "^[a-z]{2,4}-\\d+$",
      '^(foo|bar)?[^"\\\\x]*$',
      "^\\S+@\\S+$",
      "^.{3}$",
      "^a*(bc?)+$",
      "^[\\u0000-\\u007f]*$",
    )
    .map((pattern) => ({
      schema: { type: "string", pattern },
      value: fc.stringMatching(new RegExp(pattern, "u")).filter((text) => text.isWellFormed()),
    })),
  fc
    .array(fc.jsonValue({ maxDepth: 2 }), { minLength: 1, maxLength: 12 })
    // Ajv compares values by the methods that these names would hide.
    .filter((list) => !/"(toString|valueOf|constructor|__proto__)":/.test(JSON.stringify(list)))
    .map((list) => {
      const values = JSON.parse(JSON.stringify(list)) as unknown[];
      return { schema: { enum: values }, value: fc.constantFrom(...values) };
    }),
];

/** Schemas that say exactly which values there are. */
export const closedSchema: fc.Arbitrary<SchemaSample> = fc.letrec<{ sample: SchemaSample }>((tie) => {
  const object = fc
    .uniqueArray(fc.record({ name: names, sample: tie("sample"), required: fc.boolean() }), {
      maxLength: 5,
      selector: ({ name }) => name,
    })
    .map((members) => ({
      schema: {
        type: "object",
        properties: Object.fromEntries(members.map(({ name, sample }) => [name, sample.schema])),
        required: members.filter(({ required }) => required).map(({ name }) => name),
        additionalProperties: false,
      },
      value: fc
        .tuple(
          ...members.map(({ sample, required }) =>
            fc.option(sample.value, { nil: undefined, freq: required ? 1e9 : 2 }),
          ),
        )
        .filter((values) => members.every(({ required }, i) => !required || values[i] !== undefined))
        .map((values) =>
          Object.fromEntries(members.flatMap(({ name }, i) => (values[i] === undefined ? [] : [[name, values[i]]]))),
        ),
    }));
  const array = fc.tuple(tie("sample"), fc.nat(2), fc.nat(3)).map(([item, min, more]) => ({
    schema: { type: "array", items: item.schema, minItems: min, maxItems: min + more },
    value: fc.array(item.value, { minLength: min, maxLength: min + more }),
  }));
  const tuple = fc.array(tie("sample"), { minLength: 1, maxLength: 3 }).map((items) => ({
    schema: { type: "array", prefixItems: items.map(({ schema }) => schema), items: false, minItems: items.length },
    value: fc.tuple(...items.map(({ value }) => value)),
  }));
  const union = fc.array(tie("sample"), { minLength: 1, maxLength: 3 }).map((branches) => ({
    schema: { anyOf: branches.map(({ schema }) => schema) },
    value: fc.oneof(...branches.map(({ value }) => value)),
  }));
  return {
    sample: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      ...scalars,
      object,
      array,
      tuple,
      union,
    ) as fc.Arbitrary<SchemaSample>,
  };
}).sample;

const values = fc.constantFrom<unknown>(null, true, 0, 1, 2, "", "a", "b", [], ["a"], {}, { a: 1 });

/** Schemas that combine whatever there is, sensible or not: many are refused or allow nothing. */
export const wildSchema: fc.Arbitrary<unknown> = fc.letrec<{ schema: unknown; object: unknown }>((tie) => {
  const list = fc.array(tie("schema"), { minLength: 1, maxLength: 3 });
  const name = fc.constantFrom("a", "b", "c");
  const some = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.option(arbitrary, { nil: undefined, freq: 1 });
  const few = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.option(arbitrary, { nil: undefined, freq: 4 });
  const types = fc.constantFrom("object", "array", "string", "number", "integer", "boolean", "null");
  const object = fc.record({
    type: fc.constantFrom("object", undefined),
    properties: some(fc.dictionary(name, tie("schema"), { maxKeys: 3 })),
    required: some(fc.uniqueArray(name, { maxLength: 2 })),
    additionalProperties: few(tie("schema")),
    propertyNames: few(
      fc.constantFrom<unknown>(
        { type: "string" },
        { pattern: "^[ab]" },
        { enum: ["a", "b", "x"] },
        { maxLength: 3 },
        { not: { const: "a" } },
        { anyOf: [{ const: "a" }, { pattern: "^.{2}$" }] },
      ),
    ),
    minProperties: few(fc.nat(2)),
    maxProperties: few(fc.nat(3)),
    dependentRequired: few(fc.constant({ a: ["b"] })),
    patternProperties: few(fc.dictionary(fc.constantFrom("^a", "b$", "^[^b]*$", "c"), tie("schema"), { maxKeys: 2 })),
    dependentSchemas: few(fc.dictionary(name, tie("schema"), { maxKeys: 1 })),
    unevaluatedProperties: few(fc.constantFrom<unknown>(false, { type: "number" })),
  });
  const array = fc.record({
    type: fc.constantFrom("array", undefined),
    items: some(tie("schema")),
    prefixItems: few(list),
    minItems: few(fc.nat(3)),
    maxItems: few(fc.nat(4)),
    uniqueItems: few(fc.boolean()),
    contains: few(tie("schema")),
    minContains: few(fc.nat(2)),
    maxContains: few(fc.nat(2)),
    unevaluatedItems: few(fc.constantFrom<unknown>(false, { type: "number" })),
  });
  const string = fc.record({
    type: fc.constantFrom("string", undefined, ["string", "null"]),
    minLength: few(fc.nat(3)),
    maxLength: few(fc.nat(6)),
    pattern: some(
      fc.constantFrom(
        "^a",
        "b$",
        "^[ab]*$",
        "[^a]",
        "^(?!a)",
        "^\\w+(-\\w+)*$",
        "a|^b",
        "^(?=.*x).{2,5}$",
        '\\"|\\\\',
        "^(a?)*$",
      ),
    ),
    format: few(
      fc.constantFrom(
        "date",
        "ipv4",
        "uuid",
        "email",
        "duration",
        "uri",
        "hostname",
        "time",
        "date-time",
        "ipv6",
        "byte",
      ),
    ),
  });
  const number = fc.record({
    type: fc.constantFrom("number", "integer", undefined),
    minimum: some(fc.constantFrom(-10, 0, 0.5, 3, 1e-7, 123456.789)),
    maximum: some(fc.constantFrom(-1, 0, 2.25, 99, 1e20)),
    exclusiveMinimum: few(fc.constantFrom(-3, 0, 1.5)),
    exclusiveMaximum: few(fc.constantFrom(4, 10, 0.125)),
    multipleOf: few(fc.constantFrom(1, 2, 7, 0.5, 0.01, 10)),
  });
  const combined = fc.record({
    type: few(types),
    allOf: few(list),
    anyOf: few(list),
    oneOf: few(fc.oneof(list, fc.array(tie("object"), { minLength: 2, maxLength: 3 }))),
    not: few(
      fc.oneof(
        values.map((value) => ({ const: value })),
        types.map((type) => ({ type })),
        name.map((each) => ({ required: [each] })),
        tie("schema"),
      ),
    ),
    if: few(tie("schema")),
    then: few(tie("schema")),
    else: few(tie("schema")),
    $ref: few(fc.constantFrom("#/$defs/a", "#/$defs/b")),
  });
  const clean = (schema: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(schema).filter(([, value]) => value !== undefined));
  return {
    object: object.map(clean),
    schema: fc.oneof(
      { maxDepth: 3, depthSize: "small" },
      values.map((value) => ({ const: value })),
      fc.uniqueArray(values, { minLength: 1, maxLength: 5, selector: JSON.stringify }).map((list) => ({ enum: list })),
      fc.boolean(),
      types.map((type) => ({ type })),
      string.map(clean),
      number.map(clean),
      object.map(clean),
      array.map(clean),
      combined.map(clean),
      fc.tuple(combined, object).map(([a, b]) => clean({ ...a, ...b })),
    ),
  };
}).schema;
