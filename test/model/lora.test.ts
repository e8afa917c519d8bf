import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";
import { tinyGuidePath } from "../support/tiny-guide.ts";
import { writeLora } from "../support/write-lora.ts";

const folder = mkdtempSync(join(tmpdir(), "tokenwire-lora-"));
const [first, second] = [join(folder, "first.gguf"), join(folder, "second.gguf")];
let tokenwire: Tokenwire;
beforeAll(async () => {
  writeLora(first);
  writeLora(second, 1.9);
  const adapters = ["--lora_adapters", `${first}:0`, `${second}:0`];
  const args = ["--model", tinyGuidePath, "--model_alias", "tiny-guide", "--n_threads", "1", "--n_ctx", "512"];
  tokenwire = await startTokenwire({
    args: [...args, "--n_slots", "4", ...adapters, "--slot_save_path", join(folder, "slots")],
  });
});
afterAll(async () => {
  await tokenwire[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

interface Result {
  readonly content: string;
  readonly tokens_evaluated: number;
  readonly id_slot: number;
  readonly timings: { readonly cache_n: number };
}

async function post<T = Result>(path: string, body?: unknown): Promise<{ status: number; body: T }> {
  const init = { method: "POST", ...(body !== undefined && { body: JSON.stringify(body) }) };
  const response = await fetch(tokenwire.url + path, init);
  return { status: response.status, body: (await response.json()) as T };
}

type Lora = readonly { readonly id: number; readonly scale: number }[];
const story = { prompt: "Once upon a time there was a", temperature: 0, n_predict: 24, ignore_eos: true };
const ask = async (lora: Lora, more: object = {}) =>
  (await post("/completion", { ...story, lora, cache_prompt: false, ...more })).body;
const sets: readonly Lora[] = [[], [{ id: 0, scale: 4 }], [{ id: 1, scale: 4 }], [{ id: 0, scale: -4 }]];

describe("LoRA adapters", () => {
  test("answer as the request scales them, the same beside requests with others as alone", async () => {
    const alone = [];
    for (const lora of sets) alone.push((await ask(lora)).content);
    expect(new Set(alone).size).toBe(sets.length);
    const together = await Promise.all([...sets, ...sets].map(async (lora) => (await ask(lora)).content));
    expect(together).toEqual([...alone, ...alone]);
  });

  test("serve chats, and score prompts, too", async () => {
    const messages = [{ role: "user", content: "Tell me a story." }];
    const chat = async (lora: Lora) => {
      const { body } = await post<{ choices: { message: { content: string } }[] }>("/v1/chat/completions", {
        messages,
        lora,
        temperature: 0,
        max_tokens: 24,
      });
      return body.choices[0]?.message.content;
    };
    expect(await chat(sets[1] ?? [])).not.toBe(await chat([]));
    const score = async (lora: Lora) => {
      const request = { prompt: "The cat sat.", echo: true, logprobs: 0, max_tokens: 0, lora };
      const { body } = await post<{ choices: { logprobs: { token_logprobs: number[] } }[] }>(
        "/v1/completions",
        request,
      );
      return body.choices[0]?.logprobs.token_logprobs;
    };
    const plain = await score([]);
    expect(await score(sets[2] ?? [])).not.toEqual(plain);
    expect(await score([])).toEqual(plain);
  });

  test("share no prefix with those of another scale", async () => {
    const long = { prompt: `${"The quick brown fox jumps over the lazy dog. ".repeat(8)}Then`, cache_prompt: true };
    const tail = async (lora: Lora, slot: number) => (await ask(lora, { ...long, id_slot: slot })).timings.cache_n;
    await tail([], 0);
    expect(await tail([], 0)).toBeGreaterThan(32);
    expect(await tail([{ id: 0, scale: 2 }], 0)).toBe(0);
    expect(await tail([{ id: 0, scale: 2 }], 1)).toBeGreaterThan(32);
    // The beginning that a slot had under other scales is computed again, also when it comes back.
    await tail([{ id: 1, scale: 2 }], 1);
    expect(await tail([{ id: 1, scale: 2 }], 2)).toBeGreaterThan(32);
  });

  test("are listed, and scaled for all who do not say", async () => {
    const list = async () => (await (await fetch(`${tokenwire.url}/lora-adapters`)).json()) as object[];
    expect(await list()).toEqual([
      { id: 0, path: first, scale: 0 },
      { id: 1, path: second, scale: 0 },
    ]);
    const plain = (await post("/completion", story)).body.content;
    expect(await post("/lora-adapters", [{ id: 0, scale: 4 }])).toEqual({ status: 200, body: { success: true } });
    expect(await list()).toMatchObject([{ scale: 4 }, { scale: 0 }]);
    expect((await post("/completion", story)).body.content).toBe((await ask(sets[1] ?? [])).content);
    expect((await post("/completion", { ...story, lora: [] })).body.content).toBe(plain);
    expect((await post("/lora-adapters", [])).status).toBe(200);
    expect((await post("/completion", story)).body.content).toBe(plain);
  });

  test.each<[unknown, string]>([
    [[{ id: 2, scale: 1 }], "lora"],
    [
      [
        { id: 0, scale: 1 },
        { id: 0, scale: 2 },
      ],
      "lora",
    ],
    [[{ id: -1, scale: 1 }], "lora[0].id"],
    [[{ id: 0, scale: 1e9 }], "lora[0].scale"],
    [[{ id: 0 }], "lora[0].scale"],
    ["all", "lora"],
  ])("that are not there, or scaled past sense, are refused: %j", async (lora, param) => {
    for (const path of ["/completion", "/v1/completions", "/v1/chat/completions"]) {
      const request = path.includes("chat") ? { messages: [{ role: "user", content: "hi" }] } : story;
      const { status, body } = await post<{ error: { param: string } }>(path, { ...request, lora });
      expect([path, status, body.error.param]).toEqual([path, 400, param]);
    }
    if (Array.isArray(lora)) expect((await post("/lora-adapters", lora)).status).toBe(400);
  });
});

describe("slots", () => {
  const long = { ...story, prompt: `${"A bird in the hand is worth two in the bush. ".repeat(6)}So`, id_slot: 3 };
  const cached = async () => (await post("/completion", long)).body.timings.cache_n;

  test("are saved, emptied and put back", async () => {
    await post("/completion", long);
    // What is computed in another batch may differ in its last bits: the answer from the slot is what is to come back.
    const before = (await post("/completion", long)).body;
    const saved = await post<{ n_saved: number; n_written: number }>("/slots/3?action=save", { filename: "birds.bin" });
    expect(saved).toMatchObject({ status: 200, body: { id_slot: 3, filename: "birds.bin" } });
    const erased = await post<{ n_erased: number }>("/slots/3?action=erase");
    expect(erased.body.n_erased).toBe(saved.body.n_saved);
    const restored = await post<{ n_restored: number; n_read: number }>("/slots/3?action=restore", {
      filename: "birds.bin",
    });
    expect(restored.body).toMatchObject({ n_restored: saved.body.n_saved, n_read: saved.body.n_written });
    expect(await cached()).toBe(before.tokens_evaluated - 1);
    expect((await post("/completion", long)).body.content).toBe(before.content);
  });

  test.each(["../x", "a/b", "..", "", "x\u0000y", "a".repeat(200), "/etc/passwd", ".hidden"])(
    "no file but one of the folder is named: %j",
    async (filename) => {
      for (const action of ["save", "restore"]) {
        const { status, body } = await post<{ error: { param: string } }>(`/slots/0?action=${action}`, { filename });
        expect([status, body.error.param]).toEqual([400, "filename"]);
      }
    },
  );

  test.each<[string, object | undefined, string]>([
    ["/slots/0?action=restore", { filename: "nothing" }, "filename"],
    ["/slots/9?action=erase", undefined, "slot"],
    ["/slots/x?action=erase", undefined, "id"],
    ["/slots/0?action=dance", {}, "action"],
    ["/slots/0", {}, "action"],
  ])("%s with %j is refused, and %s named", async (path, body, param) => {
    const refused = await post<{ error: { param: string } }>(path, body);
    expect([refused.status, refused.body.error.param]).toEqual([400, param]);
  });

  test("files are for their user alone", () => {
    const [model] = readdirSync(join(folder, "slots"));
    expect(readdirSync(join(folder, "slots", model ?? ""))).toEqual(["birds.bin.state"]);
  });
});
