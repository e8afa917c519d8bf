import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import { schemaToGbnf } from "../../../../services/engine/schema/schema-to-gbnf.ts";
import { closedSchema, wildSchema } from "./arbitrary-schema.ts";
import { createGbnfMatcher, isProductive, seededRandom } from "./gbnf-matcher.ts";
import { createValidator } from "./validator.ts";

// More runs find rarer cases: RUNS=20000 for a long look.
const runs = process.env["RUNS"];
const numRuns = Number(runs ?? 40);
// The gate says the same of the same code; a long look begins somewhere else each time.
const start = runs === undefined ? { seed: 20261130 } : {};

/** The grammar, or undefined when the schema is refused: always as the caller's error, and with a pointer. */
function grammarOf(schema: unknown): string | undefined {
  try {
    return schemaToGbnf(schema);
  } catch (error) {
    expect(error).toBeInstanceOf(RpcError);
    expect((error as RpcError).reason).toBe(ErrorReason.INVALID_PARAMETER);
    expect((error as RpcError).message).toMatch(/: #(\/\S*)? \S/);
    return undefined;
  }
}

function expectGeneratedToBeValid(schema: unknown, seed: number): void {
  const grammar = grammarOf(schema);
  if (grammar === undefined || !isProductive(grammar)) return;
  const matcher = createGbnfMatcher(grammar);
  const isValid = createValidator(schema);
  const random = seededRandom(seed);
  for (let i = 0; i < 8; i++) {
    const text = matcher.generate(random);
    if (!isValid(JSON.parse(text)))
      throw new Error(`the grammar generates ${text}, which is not valid\n${grammar.slice(0, 5000)}`);
    expect(matcher.matches(text)).toBe(true);
  }
}

describe("schemaToGbnf", () => {
  test("generates only what Ajv accepts, for schemas that say what there is", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(closedSchema, fc.integer(), ({ schema }, seed) => expectGeneratedToBeValid(schema, seed)),
      { numRuns, ...start },
    );
  });

  test("generates only what Ajv accepts, or refuses, for schemas that combine anything", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(wildSchema, wildSchema, wildSchema, fc.integer(), (schema, a, b, seed) => {
        const whole = typeof schema === "object" ? { ...schema, $defs: { a, b } } : schema;
        expectGeneratedToBeValid(whole, seed);
      }),
      { numRuns: numRuns * 3, ...start },
    );
  });

  test("accepts the JSON of every value of a closed schema", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(
        closedSchema.chain(({ schema, value }) => fc.tuple(fc.constant(schema), value)),
        ([schema, value]) => {
          const text = JSON.stringify(value);
          expect(createValidator(schema)(JSON.parse(text))).toBe(true);
          const grammar = schemaToGbnf(schema);
          if (!createGbnfMatcher(grammar).matches(text))
            throw new Error(`${text} is not accepted by\n${grammar.slice(0, 5000)}`);
        },
      ),
      { numRuns, ...start },
    );
  });
});
