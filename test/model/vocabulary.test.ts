import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ErrorReason } from "../../clients/errors.ts";
import { Role } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import { complete, prompt } from "../support/ask-worker.ts";
import { tinyGuidePath } from "../support/tiny-guide.ts";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";
import { startWorker, type TestWorker } from "../support/worker.ts";

test("a model file without a tokenizer is refused when it is loaded", async () => {
  await expect(startWorker({ kv_overrides: ["tokenizer.ggml.model=str:none"] })).rejects.toThrow("has no tokenizer");
});

test("a tokenizer that ends texts does not end the prompts of chats and completions", async () => {
  await using plain = await startWorker();
  await using ends = await startWorker({ kv_overrides: ["tokenizer.ggml.add_eos_token=bool:true"] });
  expect(await complete(ends, "The capital of Japan is")).toBe(await complete(plain, "The capital of Japan is"));
  const messages = [{ role: Role.USER, content: [{ part: { case: "text" as const, value: "Hello!" } }] }];
  const counts = await Promise.all([plain, ends].map(({ inference }) => inference.countTokens({ messages })));
  expect(counts[1]?.tokens).toBe(counts[0]?.tokens);
  const { tokens } = await ends.inference.tokenize({ text: "Hello!", addSpecial: true });
  expect(tokens).toHaveLength((await plain.inference.tokenize({ text: "Hello!", addSpecial: true })).tokens.length + 1);
});

describe("a model with vocab_only", () => {
  let worker: TestWorker;
  let whole: TestWorker;
  beforeAll(async () => {
    [worker, whole] = await Promise.all([startWorker({ vocab_only: true, verbose: true }), startWorker()]);
  });
  afterAll(() => Promise.all([worker[Symbol.asyncDispose](), whole[Symbol.asyncDispose]()]));

  const text = "Hello, <|im_end|> 東京!";
  const messages = [{ role: Role.USER, content: [{ part: { case: "text" as const, value: text } }] }];

  test("loads no weights", () => {
    expect(worker.log()).toMatch(/vocab only - skipping tensors/);
    expect(worker.log()).not.toMatch(/constructing llama_context/);
    expect(worker.model.details).toMatchObject({ slots: 0, layers: 0, generates: false, vocabularySize: 4096 });
  });

  test("tokenizes, counts and writes prompts as the whole model does", async () => {
    for (const parseSpecial of [true, false]) {
      const tokenize = async ({ inference }: TestWorker) =>
        (await inference.tokenize({ text, parseSpecial, addSpecial: true })).tokens;
      const tokens = await tokenize(worker);
      expect(tokens).toEqual(await tokenize(whole));
      expect(await worker.inference.detokenize({ tokens })).toMatchObject({ text });
    }
    expect(await prompt(worker, text)).toBe(await prompt(whole, text));
    const { tokens } = await worker.inference.countTokens({ messages });
    expect(tokens).toBe((await whole.inference.countTokens({ messages })).tokens);
  });

  test("refuses what needs weights, in a sentence", async () => {
    const input = { kind: { case: "text" as const, value: "x" } };
    const { inference } = worker;
    const calls = [
      Array.fromAsync(inference.chat({ messages })),
      Array.fromAsync(inference.complete({ prompt: input, echo: true, options: { maxTokens: 0, topLogprobs: 0 } })),
      inference.embed({ inputs: [input] }),
    ];
    for (const call of calls)
      await expect(call).rejects.toMatchObject({
        reason: ErrorReason.INVALID_PARAMETER,
        message:
          'model "tiny" is loaded with vocab_only: it tokenizes and writes prompts, and has no weights to answer with',
      });
  });
});

describe("a server with such a model", () => {
  let tokenwire: Tokenwire;
  beforeAll(async () => {
    tokenwire = await startTokenwire({ args: ["--model", tinyGuidePath, "--vocab_only"] });
  });
  afterAll(() => tokenwire[Symbol.asyncDispose]());

  async function post(path: string, body: object): Promise<{ status: number; body: unknown }> {
    const headers = { "content-type": "application/json" };
    const response = await fetch(tokenwire.url + path, { method: "POST", headers, body: JSON.stringify(body) });
    return { status: response.status, body: await response.json() };
  }

  test("says so at its start", () => {
    expect(tokenwire.output().stdout).toMatch(/: llama vocabulary, tokenizes only$/m);
  });

  test("tokenizes over REST, and answers 400 to the rest", async () => {
    expect(await post("/extras/tokenize/count", { input: "Hello" })).toMatchObject({ status: 200, body: { count: 1 } });
    const message = expect.stringContaining("vocab_only");
    const refused = { status: 400, body: { error: { type: "invalid_request_error", message } } };
    const messages = [{ role: "user", content: "Hi" }];
    expect(await post("/v1/chat/completions", { messages })).toMatchObject(refused);
    expect(await post("/v1/completions", { prompt: "Hi" })).toMatchObject(refused);
    expect(await post("/v1/embeddings", { input: "Hi" })).toMatchObject(refused);
  });
});
