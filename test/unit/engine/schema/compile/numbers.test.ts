import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RpcError } from "../../../../../clients/errors.ts";
import { schemaToGbnf } from "../../../../../services/engine/schema/schema-to-gbnf.ts";
import { createGbnfMatcher, seededRandom } from "../gbnf-matcher.ts";
import { createValidator } from "../validator.ts";

const numRuns = Number(process.env["RUNS"] ?? 40);

/** Whether the grammar of `schema` accepts each text; a schema that allows nothing accepts none. */
function acceptsOf(schema: object): (text: string) => boolean {
  try {
    return createGbnfMatcher(schemaToGbnf(schema)).matches;
  } catch (error) {
    if (error instanceof RpcError && error.message.includes("no value")) return () => false;
    throw error;
  }
}

const bound = fc.oneof(
  fc.integer({ min: -1200, max: 1200 }),
  fc.integer({ min: -120_000, max: 120_000 }).map((scaled) => scaled / 100),
  fc.constantFrom(0, -0.5, 0.001, 1e-7, 1e6, 123456.789, 2 ** 31 - 1, 2 ** 53, -(2 ** 53), 1e15, 1e20),
);
const bounds = fc.record(
  { minimum: bound, maximum: bound, exclusiveMinimum: bound, exclusiveMaximum: bound },
  { requiredKeys: [] },
);

describe("a number's bounds", () => {
  test("accept exactly the integers within them", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(
        bounds,
        fc.option(fc.constantFrom(1, 2, 3, 7, 10, 25, 60), { nil: undefined }),
        fc.integer(),
        (range, multipleOf, seed) => {
          const schema = { type: "integer", ...range, ...(multipleOf === undefined ? {} : { multipleOf }) };
          // Digits to count times remainders to tell apart: that is refused by its size, not wrong.
          fc.pre((multipleOf ?? 1) < 25 || Object.values(range).every((each) => Math.abs(each) < 1e9));
          const accepts = acceptsOf(schema);
          const isValid = createValidator(schema);
          const random = seededRandom(seed);
          const near = Object.values(range).flatMap((each) => [-2, -1, 0, 1, 2].map((step) => Math.round(each) + step));
          const values = [
            ...near,
            0,
            ...Array.from({ length: 20 }, () => Math.round((random() - 0.5) * 10 ** (1 + random() * 6))),
          ];
          for (const value of values.filter((each) => Math.abs(each) < 1e15)) {
            if (accepts(String(value + 0)) !== isValid(value)) throw new Error(`wrong about ${value}`);
          }
        },
      ),
      { numRuns },
    );
  });

  test("accept exactly the decimals within them", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(bounds, fc.integer(), (range, seed) => {
        const schema = { type: "number", ...range };
        const accepts = acceptsOf(schema);
        const isValid = createValidator(schema);
        const random = seededRandom(seed);
        const near = Object.values(range).flatMap((each) =>
          [-1, -0.1, -0.001, 0, 0.001, 0.1, 1].map((step) => each + step),
        );
        const some = Array.from({ length: 20 }, () => (random() - 0.5) * 10 ** (1 + random() * 5));
        for (const each of [...near, ...some].filter((value) => Math.abs(value) < 1e9)) {
          for (const text of [each.toFixed(0), each.toFixed(2), each.toFixed(5)]) {
            if (/^-0(\.0*)?$/.test(text)) continue;
            if (accepts(text) !== isValid(Number(text))) throw new Error(`wrong about ${text}`);
          }
        }
      }),
      { numRuns },
    );
  });

  test("never let a text through that rounds to a number outside", () => {
    for (const schema of [
      { type: "number", exclusiveMaximum: 1000 },
      { type: "number", exclusiveMinimum: 0, exclusiveMaximum: 1 },
      { type: "number", exclusiveMinimum: 0.1, maximum: 0.3 },
      { type: "number", exclusiveMaximum: 2 ** 53 },
      { type: "integer", exclusiveMaximum: 1e17, minimum: 1e16 },
      { type: "integer", format: "int64", minimum: 9e18 },
    ]) {
      const matcher = createGbnfMatcher(schemaToGbnf(schema));
      const isValid = createValidator(schema);
      const random = seededRandom(7);
      for (let i = 0; i < 300; i++) {
        const text = matcher.generate(random);
        expect(isValid(JSON.parse(text)), `${text} for ${JSON.stringify(schema)}`).toBe(true);
      }
    }
    const matcher = createGbnfMatcher(schemaToGbnf({ type: "number", exclusiveMaximum: 1 }));
    expect(matcher.matches("0.99999999999999")).toBe(true);
    expect(matcher.matches("0.99999999999999999999")).toBe(false);
  });

  test.each([
    [{ type: "integer" }, ["0", "-1", "12345678901234567890"], ["01", "1.0", "1e3", "+1", "--1"]],
    [{ type: "number" }, ["0", "-1.5", "1e-7", "2.5E+10", "0.000001"], ["01", ".5", "1.", "1e999", "NaN", "Infinity"]],
    [{ type: "integer", minimum: 0 }, ["0", "7", "1000000"], ["-1"]],
    [{ type: "number", minimum: 0 }, ["0", "0.5", "1e-3"], ["-1", "-0.1"]],
    [{ type: "integer", minimum: 0, maximum: 255 }, ["0", "9", "10", "99", "255"], ["256", "300", "1000", "-1", "00"]],
    [{ type: "integer", minimum: 8, maximum: 8 }, ["8"], ["7", "9"]],
    [{ type: "integer", minimum: 0.5, exclusiveMaximum: 3 }, ["1", "2"], ["0", "3"]],
    [{ type: "integer", minimum: 1, exclusiveMinimum: true }, ["2"], ["1"]],
    [{ type: "integer", format: "int32" }, ["2147483647", "-2147483648"], ["2147483648", "-2147483649"]],
    [{ type: "integer", format: "uint8" }, ["0", "255"], ["256", "-1"]],
    [{ type: "number", multipleOf: 0.01 }, ["0.07", "1", "12.50", "-3.1"], ["0.001", "1.005"]],
    [{ type: "number", multipleOf: 0.25, minimum: 0, maximum: 1 }, ["0.25", "0.5", "1"], ["0.2", "1.25"]],
    [{ type: "integer", multipleOf: 6 }, ["0", "6", "-12", "666"], ["1", "7", "-13"]],
    [{ type: "number", multipleOf: 1 }, ["3", "-4"], ["3.5"]],
    [{ allOf: [{ type: "integer", multipleOf: 4 }, { multipleOf: 6 }] }, ["12", "24", "0"], ["4", "6", "18"]],
    [{ type: "integer", not: { enum: [3, 5] }, minimum: 1, maximum: 9 }, ["1", "4", "9"], ["3", "5", "10"]],
    [{ type: "number", minimum: 1e20 }, ["100000000000000000000", "200000000000000000000"], ["99999999999999999999"]],
  ])("%j", (schema, accepted, refused) => {
    const { matches } = createGbnfMatcher(schemaToGbnf(schema));
    for (const text of accepted) expect(matches(text), text).toBe(true);
    for (const text of refused) expect(matches(text), text).toBe(false);
  });

  test.each([
    [{ type: "number", multipleOf: 0 }, "#/multipleOf must be greater than 0"],
    [{ type: "integer", multipleOf: 86_401 }, "#/multipleOf 86401 has more than 1000 remainders"],
    [{ type: "integer", minimum: "3" }, "#/minimum must be a number"],
    [{ type: "integer", minimum: 3, maximum: 2 }, "# allows no value"],
  ])("%j is refused", (schema, message) => {
    expect(() => schemaToGbnf(schema)).toThrow(message);
  });
});
