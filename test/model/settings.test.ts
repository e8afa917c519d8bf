import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packageRoot } from "../../config/config.ts";
import { modelSettings } from "../../settings/settings.ts";
import { complete, completion, lockedBytes, mapsFile, poolMsSoFar, prompt, scores } from "../support/ask-worker.ts";
import { tinyGuidePath } from "../support/tiny-guide.ts";
import { startWorker, type TestWorker, type WrittenSettings } from "../support/worker.ts";
import { writeLora } from "../support/write-lora.ts";

/** What shows in the running worker that a setting has its effect: a line of its log, or anything else. */
type Proof = RegExp | ((worker: TestWorker) => Promise<void> | void);

interface Group {
  readonly settings: WrittenSettings;
  readonly proofs: Readonly<Partial<Record<keyof WrittenSettings, Proof>>>;
}

const folder = mkdtempSync(join(tmpdir(), "tw-settings-"));
const lora = join(folder, "lora.gguf");
writeLora(lora);
/** A worker that is told nothing but where its model is. */
let plain: TestWorker;
let plainStart: string;
beforeAll(async () => {
  plain = await startWorker();
  plainStart = plain.log();
});
afterAll(async () => {
  await plain[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

const text = "The capital of Japan is Tokyo. The capital of France is Paris.";
const longText = "one two three four five six ".repeat(20);
const contextsIn = (log: string): number => log.match(/constructing llama_context/g)?.length ?? 0;
const draw = (worker: TestWorker) =>
  complete(worker, text, { temperature: 2, topK: 0, topP: 1, minP: 0, ignoreEos: true });
const laugh = (worker: TestWorker, repeatPenalty: number) => complete(worker, "ha ha ha ha ha ha", { repeatPenalty });

/** How long ggml's own threads work on a long prompt, and on some tokens after it. */
async function poolMs(worker: TestWorker): Promise<{ readonly prefill: number; readonly decode: number }> {
  const start = poolMsSoFar(worker);
  let first: number | undefined;
  const options = { maxTokens: 24, ignoreEos: true, cachePrompt: false };
  for await (const _ of completion(worker, longText, options)) first ??= poolMsSoFar(worker);
  return { prefill: (first ?? 0) - start, decode: poolMsSoFar(worker) - (first ?? 0) };
}

/** More than a thread takes to be woken and sent back to sleep, less than its half of the work. */
const workMs = 1;

/** Which phase ggml's own threads work in, of a worker that has two threads for one and one for the other. */
async function expectPoolAtWork(worker: TestWorker, busy: "prefill" | "decode"): Promise<void> {
  const idle = busy === "prefill" ? "decode" : "prefill";
  let ms = await poolMs(worker);
  expect(ms[busy]).toBeGreaterThan(workMs);
  // The kernel closes its books late, and may lay the end of one phase to the next one's charge.
  for (let run = 0; run < 5 && ms[idle] > workMs; run++) ms = await poolMs(worker);
  expect(ms[idle]).toBeLessThan(workMs);
}

const groups: Readonly<Record<string, Group>> = {
  "one way": {
    settings: {
      verbose: true,
      model: tinyGuidePath,
      model_alias: "another-name",
      use_mmap: false,
      use_mlock: true,
      n_ctx: 512,
      n_slots: 3,
      n_batch: 128,
      n_ubatch: 64,
      n_threads: 1,
      n_threads_batch: 2,
      flash_attn: true,
      type_k: "q8_0",
      type_v: "q4_0",
      rope_freq_base: 20_000,
      rope_freq_scale: 0.5,
      seed: 7,
      last_n_tokens_size: 0,
      chat_template: "{% for message in messages %}<{{ message.content }}>{% endfor %}{{ more }}",
      chat_template_kwargs: { more: "and more" },
      embedding: true,
      kv_overrides: [
        "tokenizer.ggml.add_bos_token=bool:true",
        "tokenizer.ggml.eos_token_id=int:5",
        "llama.rope.freq_base=float:5000.5",
        "general.name=str:renamed",
      ],
    },
    proofs: {
      verbose: /^info: llama_context: n_ctx /m,
      model: /loaded meta data with .* from \S+tiny-guide-q8_0\.gguf/,
      model_alias: ({ model }) => expect(model.id).toBe("another-name"),
      use_mmap: (worker) => {
        expect(mapsFile(worker, tinyGuidePath)).toBe(false);
        expect(mapsFile(plain, tinyGuidePath)).toBe(true);
      },
      use_mlock: (worker) => {
        // Where the right to lock memory is missing, llama.cpp says so and goes on.
        if (!/failed to mlock/.test(worker.log())) expect(lockedBytes(worker)).toBeGreaterThan(3_500_000);
        expect(lockedBytes(plain)).toBe(0);
      },
      n_ctx: ({ model, log }) => {
        expect(model.details?.contextLength).toBe(512);
        expect(log()).toMatch(/n_ctx_seq +\(?= 512$/m);
      },
      n_slots: ({ model, log }) => {
        expect(model.details?.slots).toBe(3);
        expect(log()).toMatch(/n_seq_max +\(?= 3$/m);
      },
      n_batch: /n_batch += 128$/m,
      n_ubatch: /n_ubatch += 64$/m,
      n_threads_batch: (worker) => expectPoolAtWork(worker, "prefill"),
      flash_attn: /flash_attn += enabled$/m,
      type_k: /K \(q8_0\)/,
      type_v: /V \(q4_0\)/,
      rope_freq_base: /llama_context: freq_base += 20000\.0$/m,
      rope_freq_scale: /llama_context: freq_scale += 0\.5$/m,
      seed: async (worker) => {
        expect(await draw(worker)).toBe(await draw(worker));
        expect(await draw(plain)).not.toBe(await draw(plain));
      },
      last_n_tokens_size: async (worker) => {
        expect(await laugh(worker, 3)).toBe(await laugh(worker, 1));
        expect(await laugh(plain, 3)).not.toBe(await laugh(plain, 1));
      },
      chat_template: async (worker) => expect(await prompt(worker, "Hi")).toMatch(/^<Hi>/),
      chat_template_kwargs: async (worker) => expect(await prompt(worker, "Hi")).toMatch(/and more$/),
      embedding: ({ log }) => {
        expect(contextsIn(log())).toBeGreaterThan(contextsIn(plainStart));
      },
      kv_overrides: async ({ inference, log }) => {
        const { tokens } = await inference.tokenize({ text: "Hi", addSpecial: true });
        expect(tokens[0]).toBe(0);
        expect(log()).toMatch(/EOS token += 5 '<\|fim_middle\|>'/);
        expect(log()).toMatch(/freq_base_train += 5000\.5$/m);
        expect(log()).toMatch(/general\.name += renamed$/m);
      },
    },
  },
  "the other way": {
    settings: {
      verbose: true,
      n_threads: 2,
      n_threads_batch: 1,
      flash_attn: false,
      kv_unified: true,
      n_slots: 2,
      chat_format: "vicuna",
      lora_path: lora,
    },
    proofs: {
      n_threads: (worker) => expectPoolAtWork(worker, "decode"),
      flash_attn: /flash_attn += disabled$/m,
      kv_unified: ({ log }) => {
        expect(log()).toMatch(/kv_unified += true$/m);
        expect(log()).toMatch(/n_ctx += 256$/m);
      },
      chat_format: async (worker) => expect(await prompt(worker, "Hi")).toMatch(/USER: Hi ASSISTANT:$/),
      lora_path: async (worker) => {
        expect(worker.log()).toMatch(/loaded 2 tensors from lora file/);
        expect(await scores(worker, text)).not.toEqual(await scores(plain, text));
      },
    },
  },
  "guessing ahead": {
    settings: { verbose: true, draft_model: tinyGuidePath, draft_model_num_pred_tokens: 5 },
    proofs: {
      draft_model: async (worker) => {
        const ask = (of: TestWorker) => complete(of, longText, { maxTokens: 30, ignoreEos: true });
        const steps = async (of: TestWorker) => (await of.now()).stats?.decodeSteps ?? 0n;
        const before = [await steps(worker), await steps(plain)] as const;
        expect(await ask(worker)).toBe(await ask(plain));
        expect((await steps(worker)) - before[0]).toBeLessThan((await steps(plain)) - before[1]);
      },
      // The last token and five guesses.
      draft_model_num_pred_tokens: /n_outputs_max_per_seq = 6$/m,
    },
  },
};

describe.each(Object.entries(groups))("%s:", (_, { settings, proofs }) => {
  let worker: TestWorker;
  beforeAll(async () => {
    worker = await startWorker(settings);
  });
  afterAll(() => worker[Symbol.asyncDispose]());

  // Two threads on a busy machine wait for each other long.
  test.each(Object.entries(proofs))("%s has its effect", { timeout: 180_000 }, async (_name, proof) => {
    if (proof instanceof RegExp) expect(worker.log()).toMatch(proof);
    else await proof(worker);
  });
});

const yarn: WrittenSettings = { rope_scaling_type: "yarn", rope_freq_scale: 0.5 };
/** What changes how positions are encoded, and so how likely the model finds a text: setting, value, and the settings beside it. */
const ropeCases: readonly (readonly [setting: keyof WrittenSettings, value: unknown, beside: WrittenSettings])[] = [
  ["rope_scaling_type", "linear", yarn],
  ["yarn_ext_factor", 0, yarn],
  ["yarn_attn_factor", 2, { ...yarn, yarn_ext_factor: 0 }],
  ["yarn_beta_fast", 4, yarn],
  ["yarn_beta_slow", 4, yarn],
  ["yarn_orig_ctx", 64, yarn],
];

describe("how positions are encoded", () => {
  const found = async (settings: WrittenSettings): Promise<number[]> => {
    await using worker = await startWorker(settings);
    return await scores(worker, text);
  };

  test.each(ropeCases)("%s has its effect", async (name, value, beside) => {
    const [without, changed] = await Promise.all([found(beside), found({ ...beside, [name]: value })]);
    expect(without.length).toBeGreaterThan(10);
    expect(changed).not.toEqual(without);
  });

  test("shows in nothing else", async () => {
    expect(await found(yarn)).toEqual(await found(yarn));
  });
});

describe("numa", () => {
  const probe = fileURLToPath(new URL("../support/numa-probe/main.ts", import.meta.url));
  const stderrWith = async (strategy: string) =>
    (await promisify(execFile)(process.execPath, [probe, strategy])).stderr;

  test.each(["distribute", "isolate", "numactl", "mirror"])("%s reaches llama.cpp", async (strategy) => {
    expect(await stderrWith(strategy)).toContain("NUMA already initialized");
  });

  test("is off by default", async () => {
    expect(await stderrWith("disabled")).toBe("");
  });
});

describe("kv_overrides", () => {
  test("of the wrong type are refused", async () => {
    const start = startWorker({ kv_overrides: ["llama.rope.freq_base=int:5000"] });
    await expect(start).rejects.toThrow(
      "kv_overrides has llama.rope.freq_base as int, and the model reads it as float",
    );
  });

  test("that nothing asks for are named", async () => {
    await using worker = await startWorker({ kv_overrides: ["tokenizer.chat_template=str:x", "general.name=str:y"] });
    expect(worker.log().match(/^warn: .*/gm)).toEqual([
      "warn: kv_overrides has no effect on tokenizer.chat_template: loading this model does not ask for it",
    ]);
  });
});

/** The settings whose effect other tests show. */
const provenElsewhere: Readonly<Record<string, readonly (keyof WrittenSettings)[]>> = {
  "test/model/multimodal.test.ts": ["clip_model_path"],
  "test/unit/config/load-config.test.ts": ["mmproj"],
  "test/unit/engine/llama/multimodal/media-encoder.test.ts": ["media_cache_size"],
  "test/unit/engine/llama/multimodal/projector-gpu.test.ts": ["mmproj_use_gpu"],
  "test/model/lora.test.ts": ["lora_adapters", "slot_save_path"],
  "test/model/prompt-cache.test.ts": ["cache", "cache_type", "cache_size", "cache_dir"],
  "test/model/hub.test.ts": [
    "hf_model_repo_id",
    "hf_cache_dir",
    "hf_tokenizer_config_path",
    "hf_pretrained_model_name_or_path",
  ],
  "test/model/residency.test.ts": ["pin", "ttl"],
  "test/model/vocabulary.test.ts": ["vocab_only"],
  "test/model/vulkan.test.ts": ["n_gpu_layers", "gpus", "split_mode", "main_gpu", "tensor_split", "offload_kqv"],
};

test("every honoured setting of a model has a proof, here or in a test that is named here", () => {
  const proven = new Set([
    ...Object.values(groups).flatMap(({ proofs }) => Object.keys(proofs)),
    ...ropeCases.map(([name]) => name),
    "numa",
    ...Object.entries(provenElsewhere).flatMap(([file, names]) => {
      const content = readFileSync(join(packageRoot, file), "utf8");
      return names.filter((name) => content.includes(name));
    }),
  ]);
  const honoured = Object.entries(modelSettings).filter(([, { disposition }]) => disposition === "honoured");
  expect(honoured.map(([name]) => name).filter((name) => !proven.has(name))).toEqual([]);
});
