import { afterEach, expect, test } from "vitest";
import { ErrorReason } from "../../clients/errors.ts";
import { modelSettingsSchema } from "../../services/config.ts";
import type { Engine } from "../../services/engine/engine.ts";
import { createLlamaEngine } from "../../services/engine/llama/create-llama-engine.ts";
import { answer, greedy, job } from "../support/engine-job.ts";
import { tinyGuidePath } from "../support/tiny-guide.ts";

let engine: Engine;
afterEach(() => engine.close());

async function start(draft: string | undefined): Promise<void> {
  const settings = modelSettingsSchema.parse({
    model: tinyGuidePath,
    model_alias: "tiny",
    n_ctx: 512,
    n_slots: 4,
    draft_model: draft,
    draft_model_num_pred_tokens: 6,
  });
  engine = await createLlamaEngine(settings, { onProgress: () => {}, log: () => {} });
}

const questions = [
  "Count from 1 to 30.",
  "Repeat: the quick brown fox jumps over the lazy dog",
  "Tell me a story.",
  "Hello!",
];

async function run(more: Parameters<typeof job>[1] = {}) {
  const before = engine.stats();
  const answers = await Promise.all(
    questions.map(async (question) => {
      const prompt = await engine.tokenize(`<|im_start|>user\n${question}<|im_end|>\n<|im_start|>assistant\n`, {
        addSpecial: true,
        parseSpecial: true,
      });
      const { texts, finished } = await answer(engine, job(prompt, { maxTokens: 120, ...more }));
      return { text: texts[0], tokens: finished[0]?.completionTokens };
    }),
  );
  return { answers, steps: engine.stats().decodeSteps - before.decodeSteps };
}

const plain = async (more: Parameters<typeof job>[1] = {}) => {
  await start(undefined);
  const result = await run(more);
  await engine.close();
  return result;
};

test.each([
  ["prompt lookup", "prompt-lookup-decoding"],
  ["a draft model", tinyGuidePath],
])("%s gives the same answers in fewer steps", async (_, draft) => {
  const without = await plain();
  await start(draft);
  const guessed = await run();
  expect(guessed.answers).toEqual(without.answers);
  expect(guessed.steps).toBeLessThan(without.steps);
});

test("draws the same with a seed", async () => {
  const sampling = { ...greedy, temperature: 0.8, topK: 40, seed: 7 };
  const without = await plain({ sampling });
  await start("prompt-lookup-decoding");
  expect((await run({ sampling })).answers).toEqual(without.answers);
});

test("stops exactly at max_tokens and at stop texts", async () => {
  const limits = { maxTokens: 17, stop: ["20"] };
  const without = await plain(limits);
  await start(tinyGuidePath);
  expect((await run(limits)).answers).toEqual(without.answers);
});

test("a draft model with another vocabulary is refused with the reason", async () => {
  await start(undefined);
  await expect(start("/nowhere/else.gguf")).rejects.toMatchObject({ reason: ErrorReason.MODEL_LOAD_FAILED });
});
