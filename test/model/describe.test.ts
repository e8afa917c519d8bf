import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";
import { tinyGuidePath } from "../support/tiny-guide.ts";
import { writeLora } from "../support/write-lora.ts";
import { writeBert } from "../support/write-rerankers.ts";

const folder = mkdtempSync(join(tmpdir(), "tokenwire-describe-"));
const adapter = join(folder, "adapter.gguf");
let tokenwire: Tokenwire;
beforeAll(async () => {
  writeLora(adapter);
  const embedder = join(folder, "embedder.gguf");
  writeBert(embedder);
  const broken = join(folder, "broken.gguf");
  // A GGUF by its first bytes alone.
  writeFileSync(broken, Buffer.concat([Buffer.from("GGUF"), Buffer.alloc(64, 1)]));
  // What has a ttl is loaded by its first request.
  const models = [
    { model: tinyGuidePath, model_alias: "guide", ttl: 600, lora_adapters: [`${adapter}:0.5`] },
    { model: embedder, model_alias: "embedder", ttl: 600 },
    { model: broken, model_alias: "broken", ttl: 600 },
  ];
  const file = join(folder, "config.json");
  writeFileSync(file, JSON.stringify({ models }));
  tokenwire = await startTokenwire({ args: ["--config_file", file] });
});
afterAll(async () => {
  await tokenwire[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const get = async (path: string) => (await (await fetch(tokenwire.url + path)).json()) as Record<string, unknown>;
const show = async (model: string) => {
  const body = JSON.stringify({ model });
  const response = await fetch(`${tokenwire.url}/api/show`, { method: "POST", body });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};
const states = async () => (await tokenwire.client.models.listModels({})).models.map(({ state }) => state);

test("a model is described from its file, and stays where it is", async () => {
  const before = await states();
  const props = await get("/props?model=guide");
  expect(props).toMatchObject({
    model_alias: "guide",
    model_path: tinyGuidePath,
    chat_template: expect.stringContaining("messages"),
    eos_token: expect.stringMatching(/./),
  });
  expect(await get("/lora-adapters?model=guide")).toEqual([{ id: 0, path: adapter, scale: 0.5 }]);
  const { body } = await show("guide:latest");
  expect(body).toMatchObject({
    template: props["chat_template"],
    details: { family: "llama", quantization_level: "Q8_0" },
    model_info: { "general.architecture": "llama" },
    capabilities: expect.arrayContaining(["completion", "tools"]),
  });
  expect((await show("embedder")).body["capabilities"]).toEqual(["embedding"]);
  expect(await states()).toEqual(before);
  expect(await tokenwire.workers()).toEqual([]);
});

test("many who ask at once are answered by one look at the file, and as one who loads it is", async () => {
  const [first, ...others] = await Promise.all(Array.from({ length: 20 }, () => show("guide")));
  for (const other of others) expect(other).toEqual(first);
  await fetch(`${tokenwire.url}/models/load`, { method: "POST", body: JSON.stringify({ model: "guide" }) });
  const loaded = await show("guide");
  for (const field of ["template", "capabilities"]) expect(loaded.body[field]).toEqual(first?.body[field]);
  expect(loaded.body["details"]).toMatchObject({ family: "llama", quantization_level: "Q8_0" });
});

test("a file that cannot be read is said to be so", async () => {
  const { status, body } = await show("broken");
  expect([status, body["error"]]).toEqual([503, expect.stringContaining('model "broken" cannot be described')]);
  expect((await show("nobody")).status).toBe(404);
});
