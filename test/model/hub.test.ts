import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { complete, prompt } from "../support/ask-worker.ts";
import { type FakeHub, startFakeHub } from "../support/fake-hub.ts";
import { writeModelFiles } from "../support/multimodal-cases.ts";
import { buildMs, buildMultimodal, hasMultimodal } from "../support/multimodal-library.ts";
import { tinyGuidePath } from "../support/tiny-guide.ts";
import { startTokenwire } from "../support/tokenwire.ts";
import { startWorker } from "../support/worker.ts";

const tokenizerConfig = JSON.stringify({
  bos_token: { content: "<|endoftext|>" },
  // A control token that the GGUF does not know as an end.
  eos_token: "<|fim_middle|>",
  chat_template:
    "{{ bos_token }}{% for message in messages %}[{{ message.role }}] {{ message.content }}{{ eos_token }}{% endfor %}",
});

let hub: FakeHub;
let folder: string;
beforeAll(async () => {
  hub = await startFakeHub({
    "tiny/guide": { "tiny-guide-q8_0.gguf": { content: readFileSync(tinyGuidePath) } },
    "tiny/eyes": {
      "tiny-guide-q8_0.gguf": { content: readFileSync(tinyGuidePath) },
      "mmproj-tiny.gguf": { content: readFileSync(writeModelFiles("llava").clip_model_path) },
    },
    "tiny/plain": { "tokenizer_config.json": { content: Buffer.from(tokenizerConfig) } },
    "tiny/jinja": {
      "tokenizer_config.json": { content: Buffer.from('{"eos_token": null}') },
      "chat_template.jinja": { content: Buffer.from("{% for m in messages %}({{ m.content }}){% endfor %}") },
    },
  });
});
afterAll(() => hub[Symbol.asyncDispose]());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tw-hub-"));
  vi.stubEnv("HF_ENDPOINT", hub.url);
  vi.stubEnv("HF_HOME", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** The id of `<|fim_middle|>`. */
const fimMiddle = 5;
const nowhere = "http://127.0.0.1:9";

describe("hf_model_repo_id", () => {
  test("downloads the model that a pattern means, and starts without the network afterwards", async () => {
    const settings = { hf_model_repo_id: "tiny/guide", model: "*q8_0.gguf", verbose: true };
    {
      await using worker = await startWorker(settings);
      expect(worker.log()).toMatch(/^info: downloading tiny-guide-q8_0\.gguf \(3\.80 MB\) of tiny\/guide to /m);
      expect(worker.log()).toContain(`from ${folder}/hub/models--tiny--guide/snapshots/`);
      expect(await complete(worker, "The capital of France is")).toMatch(/Paris/);
    }
    vi.stubEnv("HF_ENDPOINT", nowhere);
    await using again = await startWorker(settings);
    expect(again.log()).toMatch(/^info: tiny\/guide was downloaded before: /m);
  });

  test.skipIf(!hasMultimodal)(
    "a projector is found in the repository as the model is",
    async () => {
      await buildMultimodal();
      const settings = { hf_model_repo_id: "tiny/eyes", model: "tiny*", clip_model_path: "mmproj*" };
      await using worker = await startWorker(settings);
      expect(worker.model.details?.vision).toBe(true);
    },
    buildMs,
  );

  test("with hf_cache_dir keeps it there", async () => {
    const hf_cache_dir = join(folder, "elsewhere");
    await using worker = await startWorker({ hf_model_repo_id: "tiny/guide", model: "*", hf_cache_dir, verbose: true });
    expect(worker.log()).toContain(`from ${hf_cache_dir}/models--tiny--guide/snapshots/`);
  });

  test("is served as a whole, and its progress shown", async () => {
    const config = join(folder, "config.json");
    const model = { hf_model_repo_id: "tiny/guide", model: "*q8*", n_ctx: 256, n_slots: 1 };
    writeFileSync(config, JSON.stringify({ models: [model] }));
    await using tokenwire = await startTokenwire({ args: ["--config_file", config] });
    const { data } = (await (await fetch(`${tokenwire.url}/v1/models`)).json()) as {
      data: { id: string; created: number }[];
    };
    expect(data).toMatchObject([{ id: "*q8*" }]);
    expect(Date.now() / 1000 - (data[0]?.created ?? 0)).toBeLessThan(60);
    expect(tokenwire.output().stderr).toMatch(/^loading \*q8\*: +\d+%$/m);
    expect(tokenwire.output().stderr).toMatch(/downloading tiny-guide-q8_0\.gguf/);
  });

  test("without a network ends the start with a sentence", async () => {
    const args = ["--hf_model_repo_id", "tiny/guide", "--model", "*q8*"];
    const start = startTokenwire({ args, env: { HF_ENDPOINT: nowhere } });
    await expect(start).rejects.toThrow(
      /model "\*q8\*" could not be loaded: http:\/\/127\.0\.0\.1:9 cannot be reached \(.*\): connect this machine/,
    );
  });
});

describe("the prompts of another tokenizer", () => {
  async function write(): Promise<string> {
    mkdirSync(join(folder, "model"));
    writeFileSync(join(folder, "model/tokenizer_config.json"), tokenizerConfig);
    return join(folder, "model");
  }

  test("come from hf_tokenizer_config_path, and answers end at its EOS too", async () => {
    const path = join(await write(), "tokenizer_config.json");
    await using worker = await startWorker({ hf_tokenizer_config_path: path, chat_format: "hf-tokenizer-config" });
    expect(await prompt(worker, "Hi")).toBe("<|endoftext|>[user] Hi<|fim_middle|>");
    expect(worker.model.details?.chatFormat).toBe(`template in hf_tokenizer_config_path ${path}`);

    await using plain = await startWorker();
    const forced = { logitBias: [{ target: { case: "token" as const, value: fimMiddle }, bias: 100 }] };
    expect(await tokens(worker, forced)).toBe(1);
    expect(await tokens(plain, forced)).toBe(16);
  });

  test("come from hf_pretrained_model_name_or_path: a folder", async () => {
    await using worker = await startWorker({ hf_pretrained_model_name_or_path: await write() });
    expect(await prompt(worker, "Hi")).toBe("<|endoftext|>[user] Hi<|fim_middle|>");
  });

  test("come from hf_pretrained_model_name_or_path: the hub, once", async () => {
    const settings = { hf_pretrained_model_name_or_path: "tiny/jinja" };
    {
      await using worker = await startWorker(settings);
      expect(await prompt(worker, "Hi")).toBe("(Hi)");
    }
    vi.stubEnv("HF_ENDPOINT", nowhere);
    await using again = await startWorker(settings);
    expect(await prompt(again, "Hi")).toBe("(Hi)");
    await expect(startWorker({ hf_pretrained_model_name_or_path: "tiny/plain" })).rejects.toThrow("cannot be reached");
  });

  test("of a model without any are refused", async () => {
    await expect(startWorker({ hf_pretrained_model_name_or_path: "tiny/guide" })).rejects.toThrow(
      /tiny\/guide has no tokenizer_config\.json$/,
    );
  });
});

async function tokens(worker: Awaited<ReturnType<typeof startWorker>>, options: object): Promise<number> {
  const prompt = { kind: { case: "text" as const, value: "Hi" } };
  let count = 0;
  for await (const { event } of worker.inference.complete({
    prompt,
    options: { maxTokens: 16, temperature: 0, ...options },
  }))
    if (event.case === "finished") count = event.value.usage?.completionTokens ?? -1;
  return count;
}
