import { describe, expect, test } from "vitest";
import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import { parseExactJson } from "../../../../clients/json/exact-json.ts";
import { createGrammarBuilder } from "../../../../services/engine/schema/gbnf/grammar-builder.ts";
import { anyJsonObjectGbnf, schemaToGbnf } from "../../../../services/engine/schema/schema-to-gbnf.ts";
import { createGbnfMatcher, isProductive, seededRandom } from "./gbnf-matcher.ts";
import { createValidator } from "./validator.ts";

const text = { type: "string" };
const number = { type: "number" };

/** What the grammar of a schema says about values, written as JSON.stringify writes them. */
function accepts(schema: unknown, value: unknown): boolean {
  return createGbnfMatcher(schemaToGbnf(schema)).matches(JSON.stringify(value));
}

function refusal(schema: unknown, options = {}): RpcError {
  try {
    schemaToGbnf(schema, options);
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error(`${JSON.stringify(schema)} is not refused`);
}

type Row = readonly [schema: unknown, accepted: readonly unknown[], refused: readonly unknown[]];

const tables: Readonly<Record<string, readonly Row[]>> = {
  "any value": [
    [true, [null, 1.5, "a", [1, { a: [] }], { b: {} }, {}, []], []],
    [{}, [null, true], []],
    [{ title: "T", description: "D", default: 3, examples: [1], $comment: "c", "x-order": 2 }, [null, "a"], []],
  ],
  types: [
    [{ type: "null" }, [null], [0, "null", false]],
    [{ type: "boolean" }, [true, false], ["true", 1, null]],
    [{ type: ["string", "null"] }, ["a", null], [1, true]],
    [{ type: "string", nullable: true }, ["a", null], [1]],
    [{ type: "object" }, [{}, { a: 1, b: [{}] }], [[], "a"]],
    [{ type: "array" }, [[], [1, "a", null]], [{}, 1]],
  ],
  "enum and const": [
    [
      { enum: ["a", 1, null, true, [1, { b: 2 }], { c: "d" }] },
      ["a", 1, null, true, [1, { b: 2 }], { c: "d" }],
      ["b", 2],
    ],
    [{ const: 'say "hi"\n\\ü' }, ['say "hi"\n\\ü'], ["use hi"]],
    [{ type: "string", enum: ["a", 1, "b"] }, ["a", "b"], [1]],
    [{ enum: [1, 2, 3], const: 2 }, [2], [1]],
    [
      { enum: ["a", "ab", "abc", "b", "x1", "x2", "x3", "xy", "xyz"] },
      ["a", "ab", "abc", "xyz"],
      ["", "x", "abcd", "x4"],
    ],
    [{ enum: [1, 5, 10], minimum: 4 }, [5, 10], [1]],
    [{ enum: ["aa", "b", "cccc"], maxLength: 2, pattern: "^[ab]" }, ["aa", "b"], ["cccc"]],
    [{ enum: [{ a: 1 }, { a: "x" }, [1]], properties: { a: number } }, [{ a: 1 }, [1]], [{ a: "x" }]],
  ],
  objects: [
    [
      { type: "object", properties: { a: text, b: number, c: { type: "null" } }, required: ["b"] },
      [{ b: 1 }, { a: "", b: 1 }, { b: 1, c: null }, { a: "", b: 1, c: null }],
      [{}, { a: "" }, { b: "1" }, { b: 1, d: 1 }, { b: 1, a: "" }],
    ],
    [
      { type: "object", properties: { a: text, b: text, c: text } },
      [{}, { a: "" }, { c: "" }, { a: "", c: "" }, { b: "" }],
      [{ d: "" }],
    ],
    [{ properties: { a: text } }, [{}, { a: "" }], ["not an object"]],
    [{ type: "object", properties: {} }, [{}], [{ a: 1 }]],
    [{ type: "object", properties: { a: text }, required: ["a", "z"] }, [{ a: "", z: [1] }], [{ a: "" }]],
    [{ type: "object", required: ["z"] }, [{ z: 1 }, { z: 1, more: 2 }], [{}]],
    [
      { type: "object", properties: { a: text }, additionalProperties: true },
      [{}, { a: "" }, { b: 1 }, { a: "", aa: 1, "": 2 }],
      [{ a: 1 }],
    ],
    [
      { type: "object", properties: { ab: text }, additionalProperties: number },
      [
        { a: 1, abc: 2 },
        { ab: "", b: 1 },
      ],
      [{ ab: 1 }, { b: "" }],
    ],
    [{ type: "object", additionalProperties: number }, [{}, { a: 1 }, { a: 1, b: 2 }], [{ a: "" }]],
    [
      { type: "object", properties: { 'q"\\\n': text, ünï: number }, required: ['q"\\\n', "ünï"] },
      [{ 'q"\\\n': "", ünï: 1 }],
      [{}],
    ],
    [{ type: "object", properties: { a: false, b: true } }, [{}, { b: [] }], [{ a: 1 }]],
    [{ type: "object", additionalProperties: number, minProperties: 1 }, [{ a: 1 }, { a: 1, b: 2 }], [{}]],
    // With a there would have to be two members, where there may be one.
    [
      { type: "object", maxProperties: 1, dependentSchemas: { a: { minProperties: 2 } } },
      [{}, { b: 1 }],
      [{ a: 1 }, { a: 1, b: 1 }],
    ],
    [{ type: "object", additionalProperties: number, maxProperties: 2 }, [{}, { a: 1, b: 2 }], [{ a: 1, b: 2, c: 3 }]],
    [
      { type: "object", properties: { a: number, b: number, c: number }, minProperties: 1, maxProperties: 2 },
      [{ a: 1 }, { c: 1 }, { a: 1, c: 1 }, { b: 1, c: 1 }],
      [{}, { a: 1, b: 1, c: 1 }],
    ],
    [{ type: "object", propertyNames: { type: "string" }, additionalProperties: number }, [{}, { x: 1 }], [{ x: "" }]],
    [
      { type: "object", propertyNames: { enum: ["a", "b"] }, additionalProperties: number },
      [{}, { a: 1, b: 2 }, { b: 1 }],
      [{ c: 1 }],
    ],
    [
      { type: "object", propertyNames: { pattern: "^x-", maxLength: 5 }, additionalProperties: number },
      [{ "x-a": 1 }],
      [{ a: 1 }, { "x-abcd": 1 }],
    ],
    [{ type: "object", patternProperties: {}, propertyNames: true, dependentRequired: {} }, [{ a: 1 }], [1]],
    [
      { type: "object", properties: { a: number, b: number }, dependentRequired: { a: ["b"] } },
      [{}, { b: 1 }, { a: 1, b: 1 }],
      [{ a: 1 }],
    ],
    [
      { type: "object", properties: { a: number, b: number }, dependencies: { a: ["b"] } },
      [{}, { a: 1, b: 1 }],
      [{ a: 1 }],
    ],
    [
      {
        type: "object",
        properties: { a: number, b: number },
        dependentSchemas: { a: { properties: { b: { const: 1 } } } },
      },
      [{ b: 2 }, { a: 1, b: 1 }],
      [{ a: 1, b: 2 }],
    ],
    [
      { allOf: [{ properties: { a: text } }], unevaluatedProperties: false, type: "object" },
      [{}, { a: "" }],
      [{ b: 1 }],
    ],
  ],
  arrays: [
    [{ type: "array", items: number }, [[], [1], [1, 2, 3]], [["a"], [1, "a"]]],
    [
      { type: "array", items: number, minItems: 2, maxItems: 3 },
      [
        [1, 2],
        [1, 2, 3],
      ],
      [[], [1], [1, 2, 3, 4]],
    ],
    [{ type: "array", items: number, maxItems: 0 }, [[]], [[1]]],
    [
      { type: "array", items: { type: "null" }, minItems: 98, maxItems: 102 },
      [Array(98).fill(null), Array(102).fill(null)],
      [Array(97).fill(null), Array(103).fill(null)],
    ],
    [{ type: "array", prefixItems: [text, number] }, [[], ["a"], ["a", 1]], [["a", 1, 2], [1]]],
    [{ type: "array", prefixItems: [text, number], minItems: 2, items: false }, [["a", 1]], [["a"], ["a", 1, 2]]],
    [
      { type: "array", prefixItems: [text], items: number, minItems: 2 },
      [
        ["a", 1],
        ["a", 1, 2],
      ],
      [["a"], ["a", "b"]],
    ],
    [{ type: "array", items: [text, number], additionalItems: false }, [["a", 1]], [["a", 1, 2]]],
    [{ type: "array", items: [text], additionalItems: number }, [["a", 1, 2]], [["a", "b"]]],
    [
      { type: "array", items: { enum: ["a", "b", "c"] }, uniqueItems: true },
      [[], ["c", "a"], ["b", "a", "c"]],
      [
        ["a", "a"],
        ["a", "b", "a"],
      ],
    ],
    [
      { type: "array", items: { enum: ["a", "b", "c"] }, uniqueItems: true, minItems: 2, maxItems: 2 },
      [["c", "a"]],
      [["a"], ["a", "b", "c"]],
    ],
    [
      { type: "array", items: { enum: [1, 2, 3, 4, 5, 6, 7, 8] }, uniqueItems: true, minItems: 1 },
      [[1, 8], [5]],
      [[], [1, 1], [8, 8]],
    ],
    [{ type: "array", items: { type: "boolean" }, uniqueItems: true }, [[true, false], [false]], [[true, true]]],
    [{ type: "array", items: text, uniqueItems: true, maxItems: 1 }, [[], ["a"]], [["a", "b"]]],
  ],
  strings: [
    [text, ["", "a", "ü€😀", 'q"\\\u0007\u007f'], [1]],
    [{ type: "string", minLength: 2, maxLength: 3 }, ["ab", "a😀", '"\\\n'], ["a", "abcd"]],
    [{ type: "string", maxLength: 0 }, [""], ["a"]],
    [
      { type: "string", minLength: 400, maxLength: 5000 },
      ["a".repeat(400), "b".repeat(4999), "c".repeat(5000)],
      ["a".repeat(399), "b".repeat(5001)],
    ],
    [{ type: "string", not: { enum: ["a", "ab"] } }, ["", "b", "abc"], ["a", "ab"]],
    [
      { type: "string", format: "date" },
      ["2024-02-29", "2023-12-31", "2000-02-29"],
      ["2023-02-29", "1900-02-29", "2024-13-01", "2024-04-31"],
    ],
    [{ type: "string", format: "time" }, ["23:59:59Z", "00:00:00.123+02:00"], ["24:00:00Z", "12:00", "12:00:00"]],
    [
      { type: "string", format: "date-time" },
      ["2024-05-17T08:30:00Z", "2024-05-17T08:30:00.5-11:30"],
      ["2024-05-17", "2024-05-17 08:30:00Z"],
    ],
    [{ type: "string", format: "duration" }, ["P1Y2M3DT4H5M6S", "PT5M", "P2W"], ["P", "PT", "5M"]],
    [
      { type: "string", format: "uuid" },
      ["0189d3a4-7c2e-7b3a-9f10-0242ac120002"],
      ["0189d3a4", "0189d3a47c2e7b3a9f100242ac120002"],
    ],
    [
      { type: "string", format: "email" },
      ["ada.l@example.co.uk", "a+b@x-y.org"],
      ["ada", "a@b", "a b@c.de", "@c.de", "a@-.de"],
    ],
    [{ type: "string", format: "hostname" }, ["example.com", "a-b.c", "localhost"], ["-a", "a..b", "a_b"]],
    [{ type: "string", format: "ipv4" }, ["0.0.0.0", "192.168.1.255"], ["256.1.1.1", "1.2.3", "01.2.3.4"]],
    [
      { type: "string", format: "ipv6" },
      [
        "::",
        "::1",
        "::ffff:192.0.2.1",
        "1:2:3:4:5:6:192.0.2.1",
        "2001:db8::8a2e:370:7334",
        "1:2:3:4:5:6:7:8",
        "fe80::",
      ],
      ["1:2", ":::", "1::2::3", "12345::"],
    ],
    [
      { type: "string", format: "uri" },
      [
        "https://example.com:8080/a/b%20c?q=1#f",
        "http://localhost:11434/v1",
        "http://127.0.0.1:8080/",
        "http://[2001:db8::1]:80/",
        "ftp://user:pw@h/",
        "file:///etc/hosts",
        "mailto:a@b.de",
        "urn:isbn:1",
      ],
      ["example.com", "a b:c", "/path", "http://a/%zz", "http://[1::2::3]/", "1a:b", "http://h:port/"],
    ],
    [
      { type: "string", format: "uri", maxLength: 60 },
      ["https://example.com/a?b"],
      ["a b", `https://e.com/${"a".repeat(60)}`],
    ],
    [{ type: "string", format: "email", maxLength: 30 }, ["ada@example.com"], [`${"a".repeat(30)}@b.de`]],
    [
      { type: "string", format: "uri-reference" },
      ["", "/a/b?c", "https://example.com/", "a/b", "../c", "?q", "#f", "//h/p"],
      ["a b", ":a", "1:a", "\\\\h"],
    ],
    [{ type: "string", format: "iri" }, ["http://ƒøø.example/?∂=é", "http://a/"], ["a", "http://a/ b"]],
    [{ type: "string", format: "uri-template" }, ["http://e.com/{a:3}/{b,c*}{?q}", "x"], ["http://e.com/{a", "{"]],
    [{ type: "string", format: "json-pointer" }, ["", "/a~1b/0"], ["a", "/~2"]],
    [{ type: "string", format: "byte" }, ["", "aGk=", "aGV5"], ["a", "aGk"]],
    [{ type: "string", format: "password", maxLength: 3 }, ["abc"], ["abcd"]],
    [{ type: "string", format: "date", pattern: "^2024-" }, ["2024-02-29"], ["2023-01-01"]],
    [{ type: "string", format: "nanoid", pattern: "^[a-z]{3}$" }, ["abc"], ["ab"]],
    [{ type: "integer", format: "int64" }, [5], ["5"]],
    [{ type: "string", format: "int64" }, ["-5"], [5, "5.5"]],
    [{ type: "string", contentEncoding: "base64", contentMediaType: "image/png" }, ["x"], [1]],
  ],
  combinations: [
    [{ anyOf: [text, { type: "integer" }, { type: "null" }] }, ["a", 1, null], [1.5, true]],
    [{ anyOf: [{ const: "a" }, { const: "b" }, number] }, ["a", "b", 1], ["c"]],
    [
      { type: "object", properties: { a: number }, anyOf: [{ required: ["a"] }, { required: ["b"] }] },
      [{ a: 1 }, { b: [] }, { a: 1, b: 1 }],
      [{}],
    ],
    [{ oneOf: [text, number] }, ["a", 1], [null]],
    [
      {
        oneOf: [
          { type: "integer", minimum: 5 },
          { type: "integer", maximum: 3 },
        ],
      },
      [5, 3],
      [4],
    ],
    [{ oneOf: [text, { enum: ["a", "b"] }] }, ["c"], ["a", "b"]],
    [
      { type: "object", properties: { a: number, b: number }, oneOf: [{ required: ["a"] }, { required: ["b"] }] },
      [{ a: 1 }, { b: 1 }],
      [{}, { a: 1, b: 1 }],
    ],
    [
      {
        allOf: [
          { type: "object", properties: { id: number, x: number }, required: ["id"] },
          {
            oneOf: [
              { properties: { x: number }, required: ["x"] },
              { properties: { y: number }, required: ["y"] },
            ],
          },
        ],
      },
      [
        { id: 1, x: 1 },
        { id: 1, y: 1 },
      ],
      [{ id: 1 }, { id: 1, x: 1, y: 1 }, { x: 1 }],
    ],
    [
      {
        type: "object",
        properties: { a: number },
        oneOf: [{ properties: { x: number }, required: ["x"] }, { required: ["a"] }],
      },
      [{ x: 1 }, { a: 1 }],
      [{ a: 1, x: 1 }, {}],
    ],
    [
      {
        allOf: [
          { type: "object", properties: { a: text }, required: ["a"] },
          { properties: { b: number }, required: ["b"] },
        ],
      },
      [{ a: "", b: 1 }],
      [{ a: "" }, { b: 1 }],
    ],
    [
      { allOf: [{ type: ["string", "integer"] }, { type: ["integer", "null"] }, { minimum: 3 }, { maximum: 4 }] },
      [3, 4],
      [2, 5, "a", null],
    ],
    [{ allOf: [{ enum: [1, 2, 3] }, { enum: [2, 3, 4] }] }, [2, 3], [1, 4]],
    [
      { allOf: [{ properties: { a: { minimum: 1 } } }, { properties: { a: { type: "integer", maximum: 2 } } }] },
      [{ a: 1 }, { a: 2 }],
      [{ a: 0 }, { a: 3 }],
    ],
    [
      { allOf: [{ properties: { a: number }, additionalProperties: false }, { properties: { a: true, b: number } }] },
      [{ a: 1 }, {}],
      [{ b: 1 }],
    ],
    [{ not: { type: ["string", "number", "boolean"] } }, [null, {}, []], ["a", 1, true]],
    [
      { type: "object", properties: { a: number, b: number }, not: { required: ["a", "b"] } },
      [{}, { a: 1 }, { b: 1 }],
      [{ a: 1, b: 1 }],
    ],
    [
      {
        type: "object",
        properties: { kind: { enum: ["a", "b"] }, x: number },
        required: ["kind"],
        if: { properties: { kind: { const: "a" } } },
        then: { required: ["x"] },
        else: { properties: { x: false } },
      },
      [{ kind: "a", x: 1 }, { kind: "b" }],
      [{ kind: "a" }, { kind: "b", x: 1 }, {}],
    ],
  ],
  "members by pattern": [
    [
      { type: "object", patternProperties: { "^n_": number, "^t_": text } },
      [{}, { n_a: 1, t_a: "x", n_b: 2 }],
      [{ n_a: "x" }, { t_: 1 }, { other: 1 }, { xn_: 1 }],
    ],
    [
      {
        type: "object",
        properties: { n_a: { minimum: 3 }, b: text },
        patternProperties: { "^n_": { type: "integer" } },
      },
      [{ n_a: 3, b: "" }, { n_z: 1 }],
      [{ n_a: 2 }, { n_a: 3.5 }, { b: 1 }, { c: 1 }],
    ],
    [
      { type: "object", patternProperties: { "^a": number, z$: { minimum: 5 } }, additionalProperties: text },
      [{ a: 1, z: 7, az: 5, other: "x" }],
      [{ az: 4 }, { az: "" }, { z: "" }, { other: 1 }],
    ],
    [{ type: "object", patternProperties: { "^x-": true }, additionalProperties: false }, [{ "x-a": [] }], [{ y: 1 }]],
    [{ type: "object", patternProperties: { "^x": false }, additionalProperties: number }, [{ y: 1 }], [{ x: 1 }]],
    [
      { type: "object", patternProperties: { '"|\\\\': number }, additionalProperties: false },
      [{ 'a"': 1, "\\": 2 }],
      [{ a: 1 }],
    ],
    [
      { type: "object", patternProperties: { "^(?!_)": number }, additionalProperties: { type: "null" } },
      [{ a: 1, _a: null }],
      [{ a: null }, { _a: 1 }],
    ],
    [
      { type: "object", patternProperties: { a: { type: "null" } }, required: ["ab"], additionalProperties: number },
      [{ ab: null, b: 1 }],
      [{ ab: 1 }, { b: 1 }],
    ],
    [
      { type: "object", patternProperties: { "^p": number }, maxProperties: 2, minProperties: 1 },
      [{ p: 1 }, { p1: 1, p2: 2 }],
      [{}, { p1: 1, p2: 2, p3: 3 }],
    ],
    [
      {
        type: "object",
        patternProperties: {
          "^1": number,
          "^2": text,
          "^3": { type: "null" },
          "^4": { type: "boolean" },
          x$: { maximum: 5 },
        },
      },
      [{ 1: 4, 4: true }, { "2x": "" }, { "1x": 5 }],
      [{ 2: 1 }, { 4: 1 }, { "1x": 6 }, { ax: 6 }, { 5: 1 }],
    ],
  ],
  "names of members": [
    [{ type: "object", propertyNames: { not: { const: "a" } }, additionalProperties: number }, [{ b: 1 }], [{ a: 1 }]],
    [
      { type: "object", propertyNames: { anyOf: [{ const: "a" }, { pattern: "^x" }] }, additionalProperties: number },
      [{ a: 1, xy: 2 }, { x: 1 }],
      [{ b: 1 }, { a: "" }],
    ],
    [{ type: "object", propertyNames: false, additionalProperties: number }, [{}], [{ a: 1 }]],
    [
      {
        type: "object",
        propertyNames: { enum: ["a", "b"] },
        patternProperties: { "^a": number },
        additionalProperties: text,
      },
      [{ a: 1, b: "" }],
      [{ a: "" }, { b: 1 }, { c: "" }],
    ],
    [
      { type: "object", propertyNames: { minLength: 2, maxLength: 3 }, properties: { a: number, bb: number } },
      [{ bb: 1 }, {}],
      [{ a: 1 }],
    ],
  ],
  contains: [
    [{ type: "array", items: number, contains: { minimum: 5 } }, [[5], [1, 7], [9, 1, 1]], [[], [1], [1, 2]]],
    [
      { type: "array", contains: { const: "x" }, maxItems: 2 },
      [["x"], [1, "x"], ["x", null]],
      [[], [1, 2], [1, 2, "x"]],
    ],
    [
      { type: "array", items: number, contains: { minimum: 5 }, minContains: 2, maxContains: 3 },
      [
        [5, 6],
        [1, 5, 1, 6, 7],
      ],
      [[5], [1, 5], [5, 5, 5, 5]],
    ],
    [
      { type: "array", items: number, contains: { minimum: 5 }, minContains: 0, maxContains: 1 },
      [[], [1], [6, 1]],
      [[6, 7]],
    ],
    [{ type: "array", contains: number, minContains: 0 }, [[], ["a"]], [1]],
    [{ type: "array", minContains: 2 }, [[], [1]], [1]],
    [
      { type: "array", prefixItems: [text, number], items: text, contains: { const: "b" } },
      [["b"], ["a", 1, "b"], ["b", 1]],
      [["a"], ["a", 1], []],
    ],
    [
      { type: "array", items: { enum: ["a", "b", "c"] }, contains: { const: "a" }, minItems: 2, maxItems: 3 },
      [
        ["a", "b"],
        ["b", "c", "a"],
      ],
      [["a"], ["b", "c"], ["a", "b", "c", "a"]],
    ],
    [
      { type: "array", items: number, allOf: [{ contains: { const: 1 } }, { contains: { const: 2 } }] },
      [
        [1, 2],
        [2, 3, 1],
      ],
      [[1], [2, 2], []],
    ],
  ],
  "what must not be": [
    [{ type: "string", not: { pattern: "^a" } }, ["", "ba"], ["a", "ab"]],
    [{ type: "string", not: { pattern: "^[a-z]+$" }, maxLength: 3 }, ["", "A", "a1"], ["a", "abc", "ABCD"]],
    [{ type: "number", not: { type: "integer" } }, [1.5, -0.25], [1, -3, 0]],
    [{ not: { type: "integer" }, type: ["number", "string"] }, [1.5, "a"], [2]],
    [{ type: "integer", not: { multipleOf: 3 }, minimum: 0 }, [1, 2, 4, 100], [0, 3, 9]],
    [{ type: "number", not: { const: 0.5 }, minimum: 0, maximum: 1 }, [0, 0.25, 0.51], [0.5]],
    [
      { type: ["object", "null"], not: { const: { a: 1 } }, properties: { a: number, b: number } },
      [null, {}, { a: 2 }, { a: 1, b: 1 }],
      [{ a: 1 }],
    ],
    [{ type: "array", items: number, not: { enum: [[1, 2], []] } }, [[1], [2, 2], [1, 2, 3]], [[1, 2], []]],
    [{ type: "array", items: { type: ["number", "null"] }, not: { items: number } }, [[null], [1, null]], [[], [1]]],
    [{ type: "array", items: number, not: { contains: { minimum: 5 } } }, [[], [1, 2]], [[5], [1, 9]]],
    [
      {
        type: "object",
        properties: { a: number, b: number },
        additionalProperties: false,
        not: { additionalProperties: false, properties: { a: true } },
      },
      [{ b: 1 }, { a: 1, b: 1 }],
      [{}, { a: 1 }],
    ],
    [
      { type: "object", additionalProperties: number, not: { patternProperties: { "^x": { maximum: 3 } } } },
      [{ x: 4 }, { a: 1, x: 5 }],
      [{}, { x: 3 }, { y: 5 }],
    ],
    [
      { type: "object", additionalProperties: number, not: { propertyNames: { pattern: "^[ab]$" } } },
      [{ c: 1 }, { a: 1, c: 2 }],
      [{}, { a: 1, b: 2 }],
    ],
    [{ type: "integer", not: { not: { minimum: 3 } } }, [3], [2]],
    [{ type: "integer", not: { oneOf: [{ minimum: 3 }, { maximum: 5 }] } }, [3, 5], [2, 6]],
    [{ type: "integer", not: { anyOf: [{ minimum: 3 }, { const: 1 }] } }, [2, 0], [3, 1]],
    [
      {
        type: "object",
        properties: { a: number, b: number },
        not: { if: { required: ["a"] }, then: { required: ["b"] } },
      },
      [{ a: 1 }],
      [{}, { b: 1 }, { a: 1, b: 1 }],
    ],
    [
      { type: "object", properties: { a: number, b: number }, not: { dependentRequired: { a: ["b"] } } },
      [{ a: 1 }],
      [{}, { b: 1 }, { a: 1, b: 1 }],
    ],
    [{ type: "integer", not: { $ref: "#/$defs/small" }, $defs: { small: { maximum: 3 } } }, [4], [3]],
  ],
  "one of": [
    [
      {
        oneOf: [
          { type: "object", properties: { a: number, b: number } },
          { type: "object", properties: { a: number }, required: ["a"] },
        ],
      },
      [{}, { b: 1 }],
      [{ a: 1 }, { a: 1, b: 1 }],
    ],
    [{ type: "integer", oneOf: [{ multipleOf: 2 }, { multipleOf: 3 }], minimum: 0 }, [2, 3, 4, 9], [0, 6, 5]],
    [{ type: "string", oneOf: [{ pattern: "^a" }, { pattern: "b$" }] }, ["a", "b", "ac"], ["ab", "c"]],
    [{ type: "string", oneOf: [{ maxLength: 3 }, { minLength: 2 }] }, ["a", "abcd"], ["ab", "abc"]],
    [
      {
        oneOf: [
          { type: "array", items: number },
          { type: "array", items: { type: "integer" } },
        ],
      },
      [[1.5], [1, 0.5]],
      [[], [1, 2]],
    ],
  ],
  "unevaluated members and items": [
    [
      {
        type: "object",
        if: { properties: { k: { const: "a" } }, required: ["k"] },
        then: { properties: { w: number } },
        else: { properties: { v: { type: "integer" } }, required: ["v"] },
        unevaluatedProperties: false,
      },
      [{ k: "a", w: 1 }, { v: 1 }],
      [
        { k: "b", v: 1 },
        { k: "a", v: 1 },
      ],
    ],
    [
      {
        type: "object",
        properties: { a: true },
        not: { not: { properties: { b: { const: 1 } }, required: ["b"] } },
        unevaluatedProperties: number,
      },
      [{ a: "", b: 1 }],
      [{ a: "" }, { b: 2 }],
    ],
    [
      {
        type: "object",
        allOf: [{ patternProperties: { "^x": text } }],
        properties: { a: text },
        unevaluatedProperties: number,
      },
      [{ a: "", x: "", b: 1 }],
      [{ x: 1 }, { b: "" }],
    ],
    [
      {
        type: "object",
        anyOf: [{ properties: { a: { const: 1 } }, required: ["a"] }, { properties: { b: text } }],
        unevaluatedProperties: false,
      },
      [{ a: 1 }, { b: "" }, {}],
      [{ c: 1 }, { a: 2 }],
    ],
    [
      { type: "object", allOf: [{ additionalProperties: number }], unevaluatedProperties: false },
      [{ a: 1 }],
      [{ a: "" }],
    ],
    [
      { type: "array", allOf: [{ prefixItems: [number] }], unevaluatedItems: text, minItems: 2 },
      [[1, "a"]],
      [
        ["a", "a"],
        [1, 1],
      ],
    ],
    [
      { type: "array", not: { not: { prefixItems: [number], minItems: 1 } }, unevaluatedItems: { type: "integer" } },
      [[1], [1, 2]],
      [[1.5], []],
    ],
  ],
  references: [
    [{ $ref: "#/$defs/a", $defs: { a: number } }, [1], ["a"]],
    [
      { properties: { a: { $ref: "#/definitions/x~1y/items/0" } }, definitions: { "x/y": { items: [text] } } },
      [{ a: "" }],
      [{ a: 1 }],
    ],
    [
      { properties: { a: { $ref: "#/components/schemas/A%20b" } }, components: { schemas: { "A b": number } } },
      [{ a: 1 }],
      [{ a: "" }],
    ],
    [{ $ref: "#/$defs/a", maximum: 3, $defs: { a: { type: "integer", minimum: 1 } } }, [1, 3], [0, 4]],
    [
      { properties: { a: { $ref: "#thing" } }, $defs: { t: { $anchor: "thing", type: "null" } } },
      [{ a: null }],
      [{ a: 1 }],
    ],
    [
      {
        $id: "https://example.com/root.json",
        properties: { a: { $ref: "item.json" }, b: { $ref: "https://example.com/item.json#/$defs/n" } },
        $defs: { item: { $id: "item.json", allOf: [{ $ref: "#/$defs/n" }], $defs: { n: number } } },
      },
      [{ a: 1, b: 2 }],
      [{ a: "" }, { b: "" }],
    ],
    [
      { type: "object", properties: { value: number, next: { $ref: "#" } } },
      [{}, { value: 1, next: { next: { value: 2 } } }],
      [{ next: 1 }],
    ],
    [{ type: "array", items: { $ref: "#" } }, [[], [[], [[[]]]]], [[1]]],
    [{ $dynamicAnchor: "n", type: "array", items: { $dynamicRef: "#n" } }, [[], [[]]], [[1]]],
    [{ type: "array", items: { $recursiveRef: "#" } }, [[], [[]]], [[1]]],
    [
      {
        $ref: "#/$defs/even",
        $defs: {
          even: {
            type: "object",
            properties: { odd: { anyOf: [{ $ref: "#/$defs/odd" }, { type: "null" }] } },
            required: ["odd"],
          },
          odd: { type: "object", properties: { even: { $ref: "#/$defs/even" } }, required: ["even"] },
        },
      },
      [{ odd: null }, { odd: { even: { odd: null } } }],
      [{ odd: { odd: null } }],
    ],
  ],
};

describe.each(Object.entries(tables))("%s", (_, rows) => {
  test.each(rows)("%j", (schema, accepted, refused) => {
    for (const value of accepted) expect(accepts(schema, value), JSON.stringify(value)).toBe(true);
    for (const value of refused) expect(accepts(schema, value), JSON.stringify(value)).toBe(false);
    const isValid = createValidator(schema);
    const { generate } = createGbnfMatcher(schemaToGbnf(schema));
    const random = seededRandom(11);
    for (let i = 0; i < 10; i++) {
      const generated = generate(random);
      expect(isValid(JSON.parse(generated)), generated).toBe(true);
    }
  });
});

describe("values are written as the schema has them", () => {
  /** The grammar of a schema in JSON text, as requests bring it. */
  const matcherOf = (text: string) => createGbnfMatcher(schemaToGbnf(parseExactJson(text)));

  test.each([
    ['{"const":"a  b"}', '"a  b"', '"a b"'],
    ['{"type":"object","properties":{"c  d":{"const":"   "}},"required":["c  d"]}', '{"c  d":"   "}', '{"c d":"   "}'],
    ['{"type":"array","prefixItems":[{"const":"a  b"}],"minItems":1}', '["a  b"]', '["a b"]'],
    ['{"type":"array","items":{"enum":["a  b"]},"uniqueItems":true,"minItems":1}', '["a  b"]', '["a b"]'],
    ['{"properties":{"x":{}},"additionalProperties":{"const":"a  b"}}', '{"y":"a  b"}', '{"y":"a b"}'],
    ['{"type":"string","pattern":"^a  b$"}', '"a  b"', '"a b"'],
    ['{"enum":["a  b",{"a  b":["  "]}]}', '{"a  b":["  "]}', '{"a b":["  "]}'],
  ])("spaces: %s", (schema, accepted, refused) => {
    const { matches } = matcherOf(schema);
    expect(matches(accepted)).toBe(true);
    expect(matches(refused)).toBe(false);
  });

  test.each([
    ['{"enum":[1234567890123456789,1234567890123456788]}', ["1234567890123456789"], ["1234567890123456800"]],
    ['{"const":1.0}', ["1.0"], ["1", "1.00"]],
    ['{"const":{"10":1e400,"2":0.10}}', ['{"10":1e400,"2":0.10}'], ['{"2":0.10,"10":1e400}']],
    ['{"enum":[1,1.0,1e0,2]}', ["1", "2"], ["1.5"]],
    ['{"allOf":[{"enum":[1.0,2]},{"const":1}]}', ["1.0"], ["2"]],
    ['{"const":12345678901234567890,"type":"integer"}', ["12345678901234567890"], ["12345678901234567891"]],
    ['{"type":"integer","minimum":1234567890123456789}', ["1234567890123456789"], ["1234567890123456788"]],
    ['{"type":"integer","maximum":-98765432109876543210}', ["-98765432109876543210"], ["-98765432109876543209"]],
    ['{"type":"integer","minimum":7.0,"maximum":1.2e1}', ["7", "12"], ["6", "13"]],
    ['{"type":"number","minimum":0.10000000000000001,"maximum":1}', ["0.1000000000001", "1"], ["0.1"]],
    ['{"type":"number","maximum":1e400,"exclusiveMinimum":-1E+400}', ["5", "-100000"], ["a"]],
    ['{"type":"integer","format":"int64"}', ["9223372036854775807"], ["9223372036854775808"]],
    ['{"type":"number","multipleOf":1.0}', ["3"], ["3.5"]],
    ['{"type":"integer","not":{"enum":[1e1,3]},"minimum":1,"maximum":20}', ["1", "20"], ["10", "3"]],
    ['{"type":"string","minLength":2.0,"maxLength":1e1}', ['"ab"'], ['"a"', '"abcdefghijk"']],
    ['{"type":"array","maxItems":12345678901234567890}', ["[1,2]"], ["{}"]],
  ])("numbers: %s", (schema, accepted, refused) => {
    const { matches } = matcherOf(schema);
    for (const text of accepted) expect(matches(text), text).toBe(true);
    for (const text of refused) expect(matches(text), text).toBe(false);
  });

  test("members in the order of the schema, with names like numbers too", () => {
    const schema =
      '{"type":"object","properties":{"b":{"type":"null"},"10":{"type":"null"},"2":{"type":"null"}},"required":["2","b"]}';
    const { matches } = matcherOf(schema);
    expect(matches('{"b":null,"10":null,"2":null}')).toBe(true);
    expect(matches('{"2":null,"10":null,"b":null}')).toBe(false);
  });
});

describe("what no grammar can enforce", () => {
  test.each([
    [{ type: "array", items: text, uniqueItems: true }, ["#/uniqueItems"], [["a", "b"], []], [[1]]],
    [
      { type: "object", properties: { a: { type: "string", format: "shoe-size", maxLength: 3 } } },
      ["#/properties/a/format"],
      [{ a: "abc" }],
      [{ a: "abcd" }, { a: 1 }],
    ],
    [{ type: "string", pattern: "(a)\\1", maxLength: 2 }, ["#/pattern"], ["b"], ["abc"]],
    [
      { type: "object", additionalProperties: number, minProperties: 3 },
      ["#/minProperties"],
      [{ a: 1, b: 2, c: 3 }],
      [{ a: 1 }, { a: "" }],
    ],
    [{ type: "integer", multipleOf: 86_401, minimum: 0 }, ["#/multipleOf"], [1], [-1, 0.5]],
    [
      { properties: { a: { $ref: "https://example.com/b.json" }, c: number } },
      ["#/properties/a/$ref"],
      [{ a: [], c: 1 }],
      [{ c: "" }],
    ],
    [{ type: "array", items: number, not: { uniqueItems: true } }, ["#/not"], [[1, 2]], [[""]]],
    [
      { type: "array", items: { enum: [1, 2] }, uniqueItems: true, contains: { const: 2 } },
      ["#/contains"],
      [[1, 2]],
      [[1, 1]],
    ],
    [
      {
        oneOf: [
          { type: "array", items: number, uniqueItems: true },
          { type: "array", items: number },
          { type: "null" },
        ],
      },
      ["#/oneOf/0", "#/oneOf/0/uniqueItems"],
      [[1], null],
      [["a"]],
    ],
  ])("is named by its place, and the rest is enforced: %j", (schema, places, accepted, refused) => {
    const told: string[] = [];
    const onUnenforced = (place: string, reason: string): void => {
      expect(reason).not.toBe("");
      told.push(place);
    };
    const { matches } = createGbnfMatcher(schemaToGbnf(schema, { onUnenforced }));
    expect(told.toSorted()).toEqual(places);
    for (const value of accepted) expect(matches(JSON.stringify(value)), JSON.stringify(value)).toBe(true);
    for (const value of refused) expect(matches(JSON.stringify(value)), JSON.stringify(value)).toBe(false);
    expect(refusal(schema).message).toContain(places[0]);
  });

  test("does not excuse what is malformed or allows nothing", () => {
    const onUnenforced = (): void => {};
    for (const schema of [{ type: "strin" }, false, { $ref: "#/nope" }, { minLength: -1 }, { properties: [] }])
      expect(() => schemaToGbnf(schema, { onUnenforced }), JSON.stringify(schema)).toThrow(RpcError);
  });
});

describe("what cannot be honoured is refused", () => {
  test.each([
    [{ properties: { "a/b~": { type: "array", uniqueItems: true } } }, "#/properties/a~1b~0/uniqueItems"],
    [{ type: "string", format: "regex" }, '#/format "regex"'],
    [{ type: "string", format: "shoe-size" }, '#/format "shoe-size"'],
    [{ type: "string", pattern: "(a)\\1" }, "#/pattern"],
    [{ type: "object", additionalProperties: true, minProperties: 3 }, "#/minProperties 3"],
    [{ $ref: "https://example.com/other.json" }, '#/$ref "https://example.com/other.json" is not in the schema'],
    [{ $ref: "#/$defs/nope" }, '#/$ref "#/$defs/nope"'],
    [{ $ref: "#" }, "# refers to itself"],
    [{ $dynamicRef: "#node" }, "#/$dynamicRef"],
    [{ type: "object", not: { properties: { a: { uniqueItems: true } } } }, "#/not/properties/a cannot be negated"],
    [
      {
        oneOf: [
          { type: "array", uniqueItems: true, items: { enum: [1, 2] } },
          { type: "array", items: { type: "number" } },
        ],
      },
      "#/oneOf/0 may hold together with branch 1",
    ],
    [{ type: "array", contains: { const: 1 }, minContains: 40, maxContains: 50, minItems: 60 }, "#/contains needs too"],
    [
      {
        $ref: "a",
        $defs: {
          a: { $id: "a", $dynamicAnchor: "n", type: "array", items: { $dynamicRef: "#n" } },
          b: { $id: "b", $dynamicAnchor: "n" },
        },
      },
      '#/$defs/a/items/$dynamicRef "#n" means another schema',
    ],
    [{ type: "object", properties: { a: { $ref: "#" } }, required: ["a"] }, "# contains itself without an end"],
    [{ type: "strin" }, '#/type must be of null, boolean, object, array, string, number, integer, and is "strin"'],
    [{ properties: [] }, "#/properties must be an object"],
    [{ required: true }, "#/required must be a list"],
    [{ properties: { a: 1 } }, "#/properties/a must be a schema"],
    [{ type: "string", minLength: -1 }, "#/minLength must be a whole number"],
    [{ anyOf: {} }, "#/anyOf must be a list"],
    [{ properties: { x: { allOf: [text, number] } }, required: ["x"] }, "#/properties/x allows no value"],
    [{ enum: [] }, "# allows no value"],
    [false, "# allows no value"],
    ["string", "# must be a schema"],
    [null, "# must be a schema"],
  ])("%j", (schema, message) => {
    const error = refusal(schema);
    expect(error.message).toContain(message);
    expect(error.reason).toBe(ErrorReason.INVALID_PARAMETER);
    expect(error.param).toBe("response_format.json_schema.schema");
  });

  test("names the field and the place in it that the caller asks for", () => {
    const error = refusal(
      { type: "string", format: "x" },
      { param: "tools[0].function.parameters", pointerPrefix: "tool get#" },
    );
    expect(error.param).toBe("tools[0].function.parameters");
    expect(error.message).toContain("tool get#/format");
  });

  test("schemas beyond the limits", () => {
    const nested = (depth: number): object => (depth === 0 ? {} : { properties: { a: nested(depth - 1) } });
    expect(refusal(nested(70)).message).toContain("deeper than 64 levels");
    expect(refusal({ description: "x".repeat(300_000) }).message).toContain("at most 262144");
    const wide = Object.fromEntries(Array.from({ length: 1500 }, (_, i) => [`p${i}`, true]));
    expect(refusal({ properties: wide }).message).toContain("more than 1000 properties");
    const chain = Object.fromEntries(
      Array.from({ length: 500 }, (_, i) => [`d${i}`, { properties: { a: { $ref: `#/$defs/d${i + 1}` } } }]),
    );
    expect(refusal({ $ref: "#/$defs/d0", $defs: { ...chain, d500: {} } }).message).toContain("deeper than 200 levels");
    const many = { anyOf: Array.from({ length: 60 }, (_, i) => ({ minimum: i })) };
    expect(refusal({ type: "number", allOf: [many, many, many] }).message).toContain("combinations");
    const cyclic: Record<string, unknown> = {};
    cyclic["properties"] = { a: cyclic };
    expect(refusal(cyclic).message).toContain("is not JSON");
  });

  test("schemas that would take long to compile, before they do", () => {
    const started = process.threadCpuUsage().user;
    const pattern = (i: number): string => `^(a{1,60}b?){1,60}${i}(.*x.*y)?[\\p{L}\\p{N}]{0,${i}}$`;
    const properties = Object.fromEntries(
      Array.from({ length: 400 }, (_, i) => [
        `p${i}`,
        { type: "string", pattern: pattern(i), not: { const: "" }, maxLength: 200 },
      ]),
    );
    refusal({ type: "object", properties });
    expect((process.threadCpuUsage().user - started) / 1000).toBeLessThan(6000);
  });
});

describe("schemas as their authors write them", () => {
  test("OpenAI's strict mode", () => {
    const schema = {
      type: "object",
      properties: {
        steps: {
          type: "array",
          items: {
            type: "object",
            properties: { explanation: { type: "string" }, output: { type: "string" } },
            required: ["explanation", "output"],
            additionalProperties: false,
          },
        },
        final_answer: { type: "string" },
      },
      required: ["steps", "final_answer"],
      additionalProperties: false,
    };
    const value = { steps: [{ explanation: "8x = -30", output: "x = -3.75" }], final_answer: "x = -3.75" };
    expect(accepts(schema, value)).toBe(true);
    const { matches } = createGbnfMatcher(schemaToGbnf(schema));
    expect(matches(JSON.stringify(value, null, 2))).toBe(true);
    expect(matches(JSON.stringify(value, null, "\t"))).toBe(true);
    expect(matches('{"steps": [], "final_answer": ""}')).toBe(true);
    expect(matches('{"steps": [],\n\n"final_answer": ""}')).toBe(false);
    expect(matches(`{"steps": [], ${" ".repeat(5)}"final_answer": ""}`)).toBe(false);
  });

  test("Pydantic: optional fields, definitions, a discriminated union, a tuple, a decimal", () => {
    const schema = {
      $defs: {
        Cat: {
          properties: { kind: { const: "cat", type: "string" }, lives: { type: "integer", exclusiveMinimum: 0 } },
          required: ["kind", "lives"],
          title: "Cat",
          type: "object",
        },
        Dog: {
          properties: {
            kind: { const: "dog", default: "dog", type: "string" },
            name: { anyOf: [{ type: "string" }, { type: "null" }], default: null },
          },
          title: "Dog",
          type: "object",
          required: ["kind"],
        },
        Color: { enum: ["red", "green"], title: "Color", type: "string" },
      },
      properties: {
        pet: {
          discriminator: { mapping: { cat: "#/$defs/Cat", dog: "#/$defs/Dog" }, propertyName: "kind" },
          oneOf: [{ $ref: "#/$defs/Cat" }, { $ref: "#/$defs/Dog" }],
          title: "Pet",
        },
        color: { $ref: "#/$defs/Color", default: "red" },
        at: { maxItems: 2, minItems: 2, prefixItems: [{ type: "number" }, { type: "number" }], type: "array" },
        price: { anyOf: [{ type: "number" }, { pattern: "^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$", type: "string" }] },
        extra: { additionalProperties: { type: "integer" }, type: "object" },
      },
      required: ["pet", "at", "price"],
      title: "Model",
      type: "object",
    };
    expect(
      accepts(schema, {
        pet: { kind: "cat", lives: 9 },
        color: "green",
        at: [1, 2.5],
        price: "12.50",
        extra: { a: 1 },
      }),
    ).toBe(true);
    expect(accepts(schema, { pet: { kind: "dog", name: null }, at: [0, 0], price: 3 })).toBe(true);
    expect(accepts(schema, { pet: { kind: "cat" }, at: [0, 0], price: 3 })).toBe(false);
    expect(accepts(schema, { pet: { kind: "dog", lives: 1 }, at: [0, 0], price: 3 })).toBe(false);
    expect(accepts(schema, { pet: { kind: "dog" }, at: [0], price: 3 })).toBe(false);
    expect(accepts(schema, { pet: { kind: "dog" }, at: [0, 0], price: "+" })).toBe(false);
  });

  test("a draft 7 schema with definitions and a list of items", () => {
    const schema = {
      $schema: "http://json-schema.org/draft-07/schema#",
      definitions: {
        node: {
          type: "object",
          properties: { id: { type: "integer" }, children: { type: "array", items: { $ref: "#/definitions/node" } } },
          required: ["id"],
        },
      },
      type: "object",
      properties: {
        tree: { $ref: "#/definitions/node" },
        pair: { type: "array", items: [{ type: "string" }, { type: "boolean" }], additionalItems: false, minItems: 2 },
      },
      required: ["tree"],
      additionalProperties: false,
    };
    expect(accepts(schema, { tree: { id: 1, children: [{ id: 2, children: [] }] }, pair: ["a", true] })).toBe(true);
    expect(accepts(schema, { tree: { id: 1, children: [{}] } })).toBe(false);
  });
});

describe("the grammar", () => {
  test("stays small and unambiguous for many optional properties", () => {
    const names = Array.from({ length: 200 }, (_, i) => `property_${i}`);
    const grammar = schemaToGbnf({
      type: "object",
      properties: Object.fromEntries(names.map((name) => [name, number])),
    });
    expect(grammar.length).toBeLessThan(40_000);
    const matcher = createGbnfMatcher(grammar);
    expect(matcher.matches(JSON.stringify({ property_3: 1, property_77: 2, property_199: 3 }))).toBe(true);
    expect(matcher.openWays('{"property_3":1,"property_77":2}')).toBeLessThan(250);
  });

  test("has few ways open for an enum of thousands", () => {
    const values = Array.from({ length: 3000 }, (_, i) => `value ${(i * 7919) % 100_003}`);
    const matcher = createGbnfMatcher(schemaToGbnf({ enum: values }));
    for (const value of values.slice(0, 20)) expect(matcher.matches(JSON.stringify(value))).toBe(true);
    expect(matcher.matches('"value x"')).toBe(false);
    expect(matcher.openWays(JSON.stringify(values[5]))).toBeLessThan(15);
  });

  test("compiles a property named like something of JavaScript's", () => {
    const schema = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"null"},"toString":{"type":"null"}},"required":["__proto__"]}',
    ) as unknown;
    const { matches } = createGbnfMatcher(schemaToGbnf(schema));
    expect(matches('{"__proto__":null,"toString":null}')).toBe(true);
    expect(matches("{}")).toBe(false);
  });

  test("names its rules after the places of the schema, and the root as asked", () => {
    const grammar = schemaToGbnf(
      {
        properties: { my_list: { type: "array", items: { $ref: "#/$defs/Item" } } },
        $defs: { Item: { properties: {} } },
      },
      { root: "answer" },
    );
    expect(grammar.split("\n").map((line) => line.split(" ::=")[0])).toEqual(
      expect.arrayContaining(["answer", "answer-my-list", "Item"]),
    );
  });

  test("for any JSON object accepts objects only", () => {
    const { matches } = createGbnfMatcher(anyJsonObjectGbnf());
    expect(matches('{"a": [1, {"b": null}], "c": "d"}')).toBe(true);
    for (const text of ["[]", '"a"', "1", "{", '{"a":}']) expect(matches(text)).toBe(false);
  });

  test("writes half of a surrogate pair in no string", () => {
    const { matches } = createGbnfMatcher(schemaToGbnf({ type: "string", maxLength: 1 }));
    expect(matches('"\\ud83d\\ude00"')).toBe(true);
    expect(matches('"\\ud83d"')).toBe(false);
    expect(matches('"\\ude00\\ud83d"')).toBe(false);
    expect(matches('"\\u00e9"')).toBe(true);
  });
});

describe("createGrammarBuilder", () => {
  test("puts several schemas into one grammar, with rules around them", () => {
    const grammar = createGrammarBuilder();
    const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    const first = grammar.addSchema(schema, "get_weather-arguments");
    const second = grammar.addSchema({ ...schema, $defs: {} }, "get_weather-arguments");
    expect(second).not.toBe(first);
    const ws = grammar.addJson("ws");
    grammar.addRule(
      "root",
      `${grammar.literal('<call name="a">')} ${first} | ${grammar.literal("<b>\n")} ${ws} ${second}`,
    );
    const { matches } = createGbnfMatcher(grammar.toString());
    expect(matches('<call name="a">{"city":"Oslo"}')).toBe(true);
    expect(matches('<b>\n {"city":"Oslo"}')).toBe(true);
    expect(matches('<b>{"city":1}')).toBe(false);
    expect(isProductive(grammar.toString())).toBe(true);
  });

  test("keeps names apart, and refuses one that is taken or that GBNF cannot read", () => {
    const grammar = createGrammarBuilder();
    grammar.addRule("root", '"a"');
    expect(() => grammar.addRule("root", '"b"')).toThrow('cannot have a rule "root"');
    expect(() => grammar.addRule("my_rule", '"b"')).toThrow('cannot have a rule "my_rule"');
    expect(grammar.addSchema({ type: "null" }, "root")).toBe("root-2");
  });
});
