import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ConfigError } from "../../../config/config-error.ts";
import { createVocabulary } from "../../../config/vocabulary.ts";
import { modelSettingsSchema } from "../../../settings/settings.ts";
import { gguf, load, type Sources } from "./support.ts";

const vocabulary = createVocabulary();
const names = [...vocabulary.keys()];

const name = fc.oneof(
  fc.constantFrom(...names),
  fc.constantFrom("models", "__proto__", "constructor", ""),
  fc.string(),
);
const word = fc.constantFrom(
  "true",
  "no",
  "1",
  "-1",
  "4096",
  "1e99",
  "NaN",
  "[1,2]",
  '["a"]',
  "{}",
  "{",
  "auto",
  "q8_0",
  "../x",
  "\0",
);
const value = fc.oneof(word, fc.jsonValue({ maxDepth: 3 }), fc.integer(), fc.double(), fc.string());
const overrides = fc.dictionary(name, value, { maxKeys: 2 });

const sources = fc.record<Sources>({
  file: fc.oneof(
    fc.record({ top: overrides, models: fc.array(overrides, { maxLength: 2 }) }).map(({ top, models }) => ({
      models: models.map((more, index) => ({ model: gguf, model_alias: `m${index}`, ...more })),
      ...top,
    })),
    fc.constant(undefined),
    fc.string(),
  ),
  fileName: fc.constantFrom("c.json", "c.yaml"),
  flags: fc.dictionary(fc.constantFrom(...names), fc.oneof(word, fc.array(word, { minLength: 2, maxLength: 2 })), {
    maxKeys: 2,
  }),
  env: fc.dictionary(fc.constantFrom(...names, "MODELS", "HOST", "PORT", "N_CTX"), fc.oneof(word, fc.string()), {
    maxKeys: 2,
  }),
});

/** What is wrong with the outcome of loading; undefined: nothing. */
function fault(given: Sources): string | undefined {
  try {
    const wrong = load(given).settings.models.find(
      (model) => !isDeepStrictEqual(modelSettingsSchema.parse(model), model),
    );
    return wrong && `changes when it is parsed again: ${JSON.stringify(wrong)}`;
  } catch (error) {
    if (!(error instanceof ConfigError)) return `is no ConfigError: ${String(error)}`;
    return (
      error.problems.find((problem) => /undefined|\[object|Invalid input/.test(problem)) ??
      (error.message === "" ? "says nothing" : undefined)
    );
  }
}

test("whatever is written, the result is checked settings or a ConfigError in sentences", () => {
  fc.assert(
    fc.property(sources, (given) => {
      expect(fault(given)).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});
