import { afterEach, expect, test } from "vitest";
import { ErrorReason } from "../../clients/errors.ts";
import { modelSettingsSchema } from "../../settings/settings.ts";
import type { Engine } from "../../services/engine/engine.ts";
import { createLlamaEngine } from "../../services/engine/llama/create-llama-engine.ts";
import { answer, greedy, job } from "../support/engine-job.ts";
import { tinyGuidePath } from "../support/tiny-guide.ts";

let engine: Engine;
afterEach(() => engine.close());

async function start(draft: string | undefined, more: object = {}): Promise<void> {
  const settings = modelSettingsSchema.parse({
    model: tinyGuidePath,
    model_alias: "tiny",
    n_ctx: 512,
    n_slots: 4,
    draft_model: draft,
    draft_model_num_pred_tokens: 6,
    ...more,
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
  const drafted = await run();
  expect(drafted.answers).toEqual(without.answers);
  expect(drafted.steps).toBeLessThan(without.steps);
});

test("draws the same with a seed", async () => {
  const sampling = { ...greedy, temperature: 0.8, topK: 40, seed: 7 };
  const without = await plain({ sampling });
  await start("prompt-lookup-decoding");
  expect((await run({ sampling })).answers).toEqual(without.answers);
});

test("a cache that all slots share is shared by the draft model's sequences too, answer after answer", async () => {
  await start(tinyGuidePath, { kv_unified: true });
  const first = await run();
  for (let round = 0; round < 3; round++) expect((await run()).answers).toEqual(first.answers);
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
