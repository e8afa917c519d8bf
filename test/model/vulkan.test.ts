import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import koffi from "koffi";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { packageRoot } from "../../config/config.ts";
import { fetchedFolder } from "../../services/engine/llama/native/libraries/fetched-builds.ts";
import { complete, scores } from "../support/ask-worker.ts";
import { readGolden, tinyGuidePath } from "../support/tiny-guide.ts";
import { startTokenwire } from "../support/tokenwire.ts";
import { startWorker, type TestWorker, type WrittenSettings } from "../support/worker.ts";

/**
 * The GPU settings on Vulkan, which Mesa computes on the CPU where there is no GPU. ggml leaves such a device out unless
 * it is named, and named twice it is two: that is how several GPUs are tested.
 */
const twoDevices = "0,0";
const missing = missingVulkan();
// A reporter says that tests were skipped, not why.
if (missing !== undefined) console.warn(`The tests of GPU settings are skipped: ${missing}`);

describe.skipIf(missing !== undefined)("GPU settings on Vulkan", () => {
  beforeAll(() => {
    vi.stubEnv("GGML_VK_VISIBLE_DEVICES", twoDevices);
  });
  afterAll(() => {
    vi.unstubAllEnvs();
  });

  /** What a worker with these settings says of its load, and of its model. */
  async function load(settings: WrittenSettings): Promise<Pick<TestWorker, "log" | "model">> {
    await using worker = await startWorker({ verbose: true, ...settings });
    const log = worker.log();
    return { log: () => log, model: worker.model };
  }

  /** `offloaded 7/7 layers to GPU` by llama.cpp, and by us. */
  function offloaded({ log, model }: Pick<TestWorker, "log" | "model">): readonly (string | undefined)[] {
    const { offloadedLayers, layers } = model.details ?? {};
    return [/load_tensors: offloaded (\S+) layers to GPU/.exec(log())?.[1], `${offloadedLayers}/${layers}`];
  }

  /** MiB of something by device: `{ Vulkan0: 3.5 }`. */
  function buffers({ log }: Pick<TestWorker, "log">, what: "model" | "KV"): Record<string, number> {
    const lines = log().matchAll(new RegExp(`(\\S+) ${what} buffer size = +(\\S+) MiB`, "g"));
    return Object.fromEntries(Array.from(lines, ([, device = "", size]) => [device, Number(size)]));
  }

  describe("n_gpu_layers -1 and gpus [0]", () => {
    let worker: TestWorker;
    beforeAll(async () => {
      worker = await startWorker({ verbose: true, n_gpu_layers: -1, gpus: [0], n_ctx: 512 });
    });
    afterAll(() => worker[Symbol.asyncDispose]());

    test("offload every layer, and the log says so", () => {
      expect(worker.log()).toContain("offloaded 7/7 layers to GPU");
      expect(offloaded(worker)).toEqual(["7/7", "7/7"]);
      expect(worker.model.details?.devices).toHaveLength(1);
      expect(worker.model.details?.backend).toMatch(/^vulkan \+ cpu/);
      expect(worker.log()).toMatch(/^info: GPUs: 0 .+ GiB free\), 1 .+ GiB free\)$/m);
    });

    // Mesa compiles each kernel when it is first needed, which takes it a while.
    test("answer as the CPU does", { timeout: 240_000 }, async () => {
      const golden = readGolden().filter((entry) => entry.kind === "chat");
      for (const { prompt, answer, usage } of golden.slice(0, 3))
        expect(await complete(worker, prompt, { maxTokens: usage.completion_tokens })).toBe(answer);
    });

    test("find texts as likely as the CPU does, but for its rounding", { timeout: 240_000 }, async () => {
      const text = "The capital of Japan is Tokyo.";
      await using onCpu = await startWorker({ gpus: [] });
      const [gpu, cpu] = [await scores(worker, text), await scores(onCpu, text)];
      expect(gpu).toHaveLength(cpu.length);
      // The formats of the weights are the same; sums are added up in another order, and in half precision.
      gpu.forEach((score, token) => expect(score).toBeCloseTo(cpu[token] ?? NaN, 0));
    });
  });

  test.each([[{ gpus: [] }], [{ n_gpu_layers: 0 }]])("%j: the CPU computes", async (settings) => {
    const loaded = await load(settings);
    expect(offloaded(loaded)).toEqual([undefined, "0/7"]);
    expect(Object.keys(buffers(loaded, "model"))).toEqual(["CPU_Mapped"]);
    expect(loaded.model.details).toMatchObject({ devices: [], backend: expect.stringMatching(/^cpu/) });
  });

  test("n_gpu_layers 3 offloads three", async () => {
    const loaded = await load({ gpus: [1], n_gpu_layers: 3 });
    expect(offloaded(loaded)).toEqual(["3/7", "3/7"]);
    expect(Object.keys(buffers(loaded, "model"))).toEqual(["CPU_Mapped", "Vulkan1"]);
  });

  test('n_gpu_layers "auto" offloads as many as fit, by the estimate, and says so', async () => {
    const folder = mkdtempSync(join(tmpdir(), "tw-auto-"));
    const config = join(folder, "config.json");
    const model = { model: tinyGuidePath, model_alias: "tiny", n_ctx: 512, n_slots: 1, n_gpu_layers: "auto" };
    writeFileSync(config, JSON.stringify({ memory_limit: { GPU0: "8MB" }, models: [model] }));
    {
      await using tokenwire = await startTokenwire({
        args: ["--config_file", config],
        env: { GGML_VK_VISIBLE_DEVICES: "0" },
      });
      const { models } = await tokenwire.client.models.listModels({});
      const { details, memory = [] } = models[0] ?? {};
      expect(details?.offloadedLayers).toBeGreaterThan(0);
      expect(details?.offloadedLayers).toBeLessThan(7);
      const gpu = memory.find(({ device }) => device === "GPU0");
      expect(Number(gpu?.measuredBytes)).toBeLessThanOrEqual(8e6);
      // Another layer would be too many.
      expect(Number(gpu?.measuredBytes)).toBeGreaterThan(6e6);
      expect(tokenwire.output().stderr).toMatch(
        /n_gpu_layers \\"auto\\": \d of 7 layers go to the GPU, where the model may take 8\.00 MB of GPU0/,
      );
      expect(tokenwire.output().stdout).toContain(`offloaded ${details?.offloadedLayers}/7 layers to GPU`);
    }
    rmSync(folder, { recursive: true });
    // As a whole where there is room, and nothing where there is no GPU.
    expect(offloaded(await load({ n_gpu_layers: "auto" }))).toEqual(["7/7", "7/7"]);
    expect(offloaded(await load({ n_gpu_layers: "auto", gpus: [] }))).toEqual([undefined, "0/7"]);
  });

  test("a GPU that is not there is named, with those that are", async () => {
    await expect(startWorker({ gpus: [3] })).rejects.toThrow(
      /^gpus names GPU 3, which does not exist \(there is: 0 .+ GiB free\), 1 .+ GiB free\)\)$/,
    );
    await expect(startWorker({ split_mode: "none", main_gpu: 2 })).rejects.toThrow(/^main_gpu names GPU 2, which/);
  });

  test("without gpus, every GPU gets layers", async () => {
    const loaded = await load({});
    expect(Object.keys(buffers(loaded, "model"))).toEqual(["CPU_Mapped", "Vulkan0", "Vulkan1"]);
    expect(loaded.model.details?.devices).toHaveLength(2);
  });

  test("gpus chooses the device", async () => {
    expect(Object.keys(buffers(await load({ gpus: [1] }), "KV"))).toEqual(["Vulkan1"]);
  });

  test("split_mode none with main_gpu puts all of it on one", async () => {
    const loaded = await load({ split_mode: "none", main_gpu: 1 });
    expect(Object.keys(buffers(loaded, "model"))).toEqual(["CPU_Mapped", "Vulkan1"]);
    expect(loaded.model.details?.devices).toHaveLength(1);
  });

  test("split_mode row is refused by a backend that cannot, with its reason", async () => {
    await expect(startWorker({ split_mode: "row" })).rejects.toThrow(/Vulkan0 does not support split buffers/);
  });

  test("split_mode tensor makes one device of both", async () => {
    expect((await load({ split_mode: "tensor" })).log()).toMatch(/creating a Meta device with 2 devices/);
  });

  test("tensor_split says who gets how much", async () => {
    const [most, least] = [await load({ tensor_split: [1, 5] }), await load({ tensor_split: [5, 2] })];
    const share = (loaded: Pick<TestWorker, "log">) => {
      const { Vulkan0: first = 0, Vulkan1: second = 0 } = buffers(loaded, "KV");
      return second / (first + second);
    };
    expect(share(most)).toBeGreaterThan(0.6);
    expect(share(least)).toBeLessThan(0.4);
  });

  test("offload_kqv false leaves the KV cache in RAM", async () => {
    const loaded = await load({ offload_kqv: false });
    expect(Object.keys(buffers(loaded, "KV"))).toEqual(["CPU"]);
    expect(offloaded(loaded)).toEqual(["7/7", "7/7"]);
  });

  test("a draft model is where the model is", async () => {
    const { log } = await load({ gpus: [1], draft_model: tinyGuidePath });
    expect(log()).toMatch(/Vulkan1 model buffer/);
    expect(log()).not.toMatch(/Vulkan0/);
  });
});

/** Why Vulkan cannot be tested here; undefined: it can, so that any failure is ours. */
function missingVulkan(): string | undefined {
  const install = "apt-get install libvulkan1 mesa-vulkan-drivers";
  if (process.platform !== "linux") return "they run on Linux";
  try {
    koffi.load("libvulkan.so.1");
  } catch {
    return `there is no Vulkan loader (${install})`;
  }
  const drivers = process.env["VK_ICD_FILENAMES"] ?? process.env["VK_DRIVER_FILES"];
  const folders = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"].filter((folder) => existsSync(folder));
  const found = drivers !== undefined || folders.some((folder) => readdirSync(folder).length > 0);
  if (!found) return `there is no Vulkan driver (${install})`;
  const builds = [packageRoot, fetchedFolder()].map(
    (folder) => `${folder}/node_modules/@node-llama-cpp/linux-x64-vulkan`,
  );
  return builds.some((folder) => existsSync(folder)) ? undefined : "llama.cpp's build for Vulkan could not be fetched";
}
