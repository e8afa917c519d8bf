import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { modelSettingsSchema } from "../../settings/settings.ts";
import type { Engine } from "../../services/engine/engine.ts";
import { createLlamaEngine } from "../../services/engine/llama/create-llama-engine.ts";
import { answer, job } from "../support/engine-job.ts";
import { tinyGuidePath } from "../support/tiny-guide.ts";

let engine: Engine;
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "tw-"));
});
afterEach(async () => {
  await engine.close();
  await rm(directory, { recursive: true });
});

async function start(more: object): Promise<void> {
  const settings = {
    model: tinyGuidePath,
    model_alias: "tiny",
    n_ctx: 512,
    n_slots: 1,
    cache: true,
    cache_dir: directory,
  };
  engine = await createLlamaEngine(modelSettingsSchema.parse({ ...settings, ...more }), {
    onProgress: () => {},
    log: () => {},
  });
}

const about = (thing: string) => `Once upon a time there was a ${thing}, and this is its story. `.repeat(6);
const ask = async (text: string, maxTokens = 12) =>
  answer(engine, job(await engine.tokenize(text, plain), { maxTokens, ignoreEos: true }));
const plain = { addSpecial: true, parseSpecial: true };

test.each(["ram", "disk"])("a prompt that lost its slot comes back from %s", async (cache_type) => {
  await start({ cache_type });
  const first = await ask(about("fox"));
  await ask(about("bear"));
  const again = await ask(about("fox"));
  expect(again.cachedTokens).toBe((await engine.tokenize(about("fox"), plain)).length - 1);
  expect(again.texts).toEqual(first.texts);
  expect(engine.stats().promptCache).toMatchObject({ hits: 1, misses: 2 });
});

test("states on disk outlive the engine", async () => {
  await start({ cache_type: "disk" });
  const first = await ask(about("fox"));
  await ask(about("bear"));
  await engine.close();
  await start({ cache_type: "disk" });
  const again = await ask(about("fox"));
  expect(again.cachedTokens).toBeGreaterThan(50);
  expect(again.texts).toEqual(first.texts);
});

test("a damaged file is a miss, and goes", async () => {
  await start({ cache_type: "disk" });
  const first = await ask(about("fox"));
  await ask(about("bear"));
  const [folder = ""] = await readdir(directory);
  const [file = ""] = await readdir(join(directory, folder));
  await truncate(join(directory, folder, file), 2000);
  const again = await ask(about("fox"));
  expect(again.texts).toEqual(first.texts);
  expect(engine.stats().promptCache.hits).toBe(0);
  expect(await readdir(join(directory, folder))).not.toContain(file);
});

test("a folder that is removed while the model runs costs the cache, and nothing else", async () => {
  await start({ cache_type: "disk" });
  const first = await ask(about("fox"));
  await rm(directory, { recursive: true });
  for (const animal of ["bear", "fox", "cat"]) await ask(about(animal));
  expect((await ask(about("fox"))).texts).toEqual(first.texts);
  await mkdir(directory);
});

test("a folder that cannot be made costs the cache, not the model", async () => {
  await writeFile(join(directory, "file"), "");
  await start({ cache_type: "disk", cache_dir: join(directory, "file") });
  await ask(about("fox"));
  expect(engine.stats().promptCache.bytes).toBe(0);
});

test("a prompt that waits for the disk does not hold up a running stream", async () => {
  await start({ cache_type: "disk", n_slots: 2 });
  await ask(about("fox"));
  await ask(about("bear"));
  await ask(about("cat"));
  const [running, restored] = await Promise.all([ask("Once", 200), ask(about("fox"))]);
  expect(running.finished[0]?.completionTokens).toBe(200);
  expect(restored.cachedTokens).toBeGreaterThan(50);
});

test("what was not used for longest goes when the bytes are used up", async () => {
  await start({});
  await ask(about("fox"));
  await ask(about("bear"));
  const { bytes } = engine.stats().promptCache;
  await engine.close();
  await start({ cache_size: Math.ceil(bytes * 2.5) });
  for (const animal of ["fox", "bear", "cat", "dog", "owl"]) await ask(about(animal));
  expect(engine.stats().promptCache.bytes).toBeLessThanOrEqual(bytes * 2.5);
  expect((await ask(about("fox"))).cachedTokens).toBeLessThan(50);
  expect((await ask(about("dog"))).cachedTokens).toBeGreaterThan(50);
});

test("a longer state of the same conversation takes the place of the shorter one", async () => {
  await start({});
  await ask(about("fox"));
  await ask(about("bear"));
  const { bytes } = engine.stats().promptCache;
  await ask(about("fox"), 40);
  await ask(about("cat"));
  expect(engine.stats().promptCache.bytes).toBeLessThan(bytes * 2.6);
});
