import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";
import { waitUntil } from "../support/wait-until.ts";

let tokenwire: Tokenwire;
beforeAll(async () => {
  tokenwire = await startTokenwire({ args: ["--n_threads", "1"] });
});
afterAll(() => tokenwire[Symbol.asyncDispose]());

interface Result {
  readonly index: number;
  readonly content: string;
  readonly tokens: readonly number[];
  readonly stop: boolean;
  readonly stop_type?: string;
  readonly stopping_word?: string;
  readonly tokens_predicted: number;
  readonly tokens_evaluated: number;
  readonly id_slot: number;
  readonly prompt?: string;
  readonly truncated?: boolean;
  readonly generation_settings?: Readonly<Record<string, unknown>>;
  readonly completion_probabilities?: readonly { readonly id: number; readonly top_logprobs: readonly object[] }[];
  readonly timings?: Readonly<Record<string, number>>;
  readonly prompt_progress?: { readonly total: number; readonly processed: number };
}

const post = (path: string, body: unknown) =>
  fetch(tokenwire.url + path, { method: "POST", body: typeof body === "string" ? body : JSON.stringify(body) });

async function ask<T = Result>(path: string, body: object): Promise<T> {
  const response = await post(path, body);
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as T;
}

const get = async (path: string) => (await (await fetch(tokenwire.url + path)).json()) as Record<string, unknown>;

async function stream(body: object): Promise<Result[]> {
  const text = await (await post("/completion", { ...body, stream: true })).text();
  return text
    .split("\n\n")
    .filter((event) => event.startsWith("data: "))
    .map((event) => JSON.parse(event.slice(6)) as Result);
}

const story = { prompt: "Once upon a time", temperature: 0, n_predict: 12 };

describe("POST /completion", () => {
  test("answers with what was made of it, and how long it took", async () => {
    const result = await ask("/completion", story);
    expect(result).toMatchObject({
      index: 0,
      stop: true,
      stop_type: "limit",
      stopping_word: "",
      truncated: false,
      tokens_predicted: 12,
      tokens_evaluated: 4,
      prompt: "Once upon a time",
      generation_settings: { n_predict: 12, temperature: 0 },
      timings: { predicted_n: 12 },
    });
    expect(result.timings?.["predicted_per_second"]).toBeGreaterThan(0);
    const { choices } = await ask<{ choices: { text: string }[] }>("/v1/completions", {
      prompt: story.prompt,
      temperature: 0,
      max_tokens: 12,
    });
    expect(result.content).toBe(choices[0]?.text);
  });

  test("streams the same without [DONE]: the last event has the rest", async () => {
    const chunks = await stream({ ...story, timings_per_token: true });
    expect(chunks.map(({ content }) => content).join("")).toBe((await ask("/completion", story)).content);
    expect(chunks.filter(({ stop }) => stop)).toEqual([chunks.at(-1)]);
    expect(chunks.at(-1)).toMatchObject({ stop_type: "limit", tokens_predicted: 12, prompt: story.prompt });
    expect(chunks[0]?.timings).toMatchObject({ predicted_n: 1 });
  });

  test("says by which word it ended, and when the model ended it", async () => {
    const { content } = await ask("/completion", story);
    const [word = ""] = /\w+$/.exec(content) ?? [];
    expect(await ask("/completion", { ...story, stop: [word] })).toMatchObject({
      stop_type: "word",
      stopping_word: word,
    });
    expect((await ask("/completion", { ...story, n_predict: -1 })).stop_type).toBe("eos");
  });

  test("tells tokens and probabilities", async () => {
    const result = await ask("/completion", { ...story, return_tokens: true, n_probs: 3 });
    expect(result.tokens).toHaveLength(12);
    const { content } = await ask<{ content: string }>("/detokenize", { tokens: result.tokens });
    expect(content).toBe(result.content);
    expect(result.completion_probabilities?.map(({ id }) => id)).toEqual(result.tokens);
    expect(result.completion_probabilities?.every(({ top_logprobs: top }) => top.length === 3)).toBe(true);
  });

  test("takes prompts as texts, tokens, both in turn, and several", async () => {
    const { tokens } = await ask<{ tokens: number[] }>("/tokenize", { content: "Once upon" });
    const { content } = await ask("/completion", story);
    for (const prompt of [[...tokens, " a time"], ["Once upon a time"], [[...tokens, " a time"]]]) {
      const answer = await ask<Result | Result[]>("/completion", { ...story, prompt });
      expect([answer].flat()[0]).toMatchObject({ content, prompt: story.prompt });
    }
    const both = await ask<Result[]>("/completion", { ...story, prompt: ["Once upon a time", tokens] });
    expect(both.map(({ index, tokens_evaluated: count }) => [index, count])).toEqual([
      [0, 4],
      [1, tokens.length],
    ]);
    const two = await ask<Result[]>("/completion", { ...story, temperature: 1, seed: 3, n_cmpl: 2 });
    expect(two.map(({ index }) => index)).toEqual([0, 1]);
  });

  test("with n_predict 0 processes the prompt for the next one", async () => {
    const prompt = "A quite particular beginning of a text that nobody has sent before";
    expect(await ask("/completion", { ...story, prompt, n_predict: 0 })).toMatchObject({
      content: "",
      tokens_predicted: 0,
    });
    const next = await ask("/completion", { ...story, prompt: `${prompt} and`, n_predict: 1 });
    expect(next.timings?.["cache_n"]).toBeGreaterThan(5);
    const uncached = await ask("/completion", { ...story, prompt: `${prompt} and`, n_predict: 1, cache_prompt: false });
    expect(uncached.timings?.["cache_n"]).toBe(0);
  });

  test("reports the progress of a prompt, runs in the slot it is told, and answers the fields that are asked for", async () => {
    const prompt = "one two three four five six seven ".repeat(20);
    const chunks = await stream({ ...story, prompt, return_progress: true, cache_prompt: false, n_predict: 2 });
    const progress = chunks.flatMap(({ prompt_progress: it }) => (it === undefined ? [] : [it]));
    expect(progress.at(-1)?.processed).toBe(progress.at(-1)?.total);
    const last = ((await get("/slots")) as unknown as { id: number }[]).length - 1;
    expect((await ask("/completion", { ...story, id_slot: last })).id_slot).toBe(last);
    const fields = { response_fields: ["content", "generation_settings/n_predict", "nothing"] };
    expect(Object.keys(await ask("/completion", { ...story, ...fields }))).toEqual(["content", "n_predict"]);
  });

  test("holds the answer to a grammar or a schema, and samples as it is told", async () => {
    expect((await ask("/completion", { ...story, grammar: 'root ::= "cat" | "dog"' })).content).toMatch(/^(cat|dog)$/);
    const json = await ask("/completion", { ...story, n_predict: 40, json_schema: { enum: [{ a: 1 }] } });
    expect(JSON.parse(json.content)).toEqual({ a: 1 });
    const greedy = (await ask("/completion", story)).content;
    const topped = { ...story, temperature: 2, top_k: 1, seed: 1 };
    for (const samplers of [["top_k", "temperature"], "kt"]) {
      expect((await ask("/completion", { ...topped, samplers })).content).toBe(greedy);
    }
  });

  test("takes the adapters that the model has, and no others", async () => {
    expect(await get("/lora-adapters")).toEqual([]);
    expect((await post("/completion", { ...story, lora: [] })).status).toBe(200);
    const refused = await post("/completion", { ...story, lora: [{ id: 0, scale: 1 }] });
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { code: 400, param: "lora" } }]);
  });

  test("a client that leaves frees the slot", async () => {
    const leave = new AbortController();
    const body = JSON.stringify({ ...story, n_predict: -1, ignore_eos: true, stream: true });
    const response = await fetch(`${tokenwire.url}/completion`, { method: "POST", body, signal: leave.signal });
    await response.body?.getReader().read();
    leave.abort();
    await waitUntil("the slot is free", async () => (await tokenwire.metric("tokenwire_slots_busy")) === 0);
  });
});

describe("POST /infill", () => {
  const code = { input_prefix: "1, 2,", input_suffix: " 4, 5", temperature: 0, n_predict: 4 };

  test("shows the model prefix, suffix, the prompt behind the prefix, and pieces of other files", async () => {
    const plain = await ask("/infill", code);
    const typed = await ask("/infill", { ...code, prompt: " 3," });
    expect(typed.tokens_evaluated).toBeGreaterThan(plain.tokens_evaluated);
    const extra = Array.from({ length: 3 }, (_, i) => ({ filename: `f${i}.ts`, text: "let a = 1;\n".repeat(5) }));
    const shown = await ask("/infill", { ...code, input_extra: extra });
    expect(shown.tokens_evaluated).toBeGreaterThan(plain.tokens_evaluated + 100);
  });

  test("leaves out the first pieces where there is no room for all", async () => {
    const extra = Array.from({ length: 100 }, (_, i) => ({ filename: `f${i}.ts`, text: "let a = 1;\n".repeat(20) }));
    const { tokens_evaluated: count } = await ask("/infill", { ...code, input_extra: extra });
    expect(count).toBeGreaterThan(500);
    expect(count).toBeLessThan(1_024);
  });

  test("warms the cache as llama.vim does", async () => {
    const ring = {
      input_prefix: "",
      input_suffix: "",
      prompt: "",
      n_predict: 0,
      t_max_predict_ms: 1,
      cache_prompt: true,
    };
    const body = {
      ...ring,
      input_extra: [{ filename: "a.vim", text: "let a = 1" }],
      response_fields: ["tokens_predicted"],
    };
    expect(await ask("/infill", body)).toEqual({ tokens_predicted: 0 });
  });
});

test("POST /embedding has a list of vectors for each text", async () => {
  const one = await ask<{ index: number; embedding: number[][] }[]>("/embedding", { content: "Hello!" });
  expect(one).toMatchObject([{ index: 0 }]);
  expect(Math.hypot(...(one[0]?.embedding[0] ?? []))).toBeCloseTo(1, 4);
  const several = await ask<{ embedding: number[][] }[]>("/embedding", {
    content: ["Hello!", "Bye"],
    embd_normalize: -1,
  });
  expect(several.map(({ embedding }) => embedding[0]?.length)).toEqual([192, 192]);
  expect(Math.hypot(...(several[0]?.embedding[0] ?? []))).not.toBeCloseTo(1, 2);
});

test("GET /props and /slots say what there is", async () => {
  expect(await get("/props")).toMatchObject({
    model_alias: "tiny-guide",
    default_generation_settings: { n_ctx: 1024 },
    eos_token: "<|im_end|>",
    modalities: { vision: false },
    chat_template: expect.stringContaining("<|im_start|>") as string,
  });
  const slots = (await get("/slots?fail_on_no_slot=1")) as unknown as object[];
  expect(slots[0]).toMatchObject({ id: 0, is_processing: false, n_ctx: 1024 });
});

describe("what is wrong is told in llama-server's shape", () => {
  test.each<[string, unknown, string | undefined]>([
    ["/completion", "{", undefined],
    ["/completion", {}, "prompt"],
    ["/completion", { prompt: 5 }, "prompt"],
    ["/completion", { prompt: [] }, "prompt"],
    ["/completion", { prompt: [1, { a: 1 }] }, "prompt"],
    ["/completion", { prompt: [4_000_000] }, undefined],
    ["/completion", { prompt: "a", temperature: 9 }, "temperature"],
    ["/completion", { prompt: "a", n_predict: -5 }, "n_predict"],
    ["/completion", { prompt: "a", samplers: "kq" }, "samplers"],
    ["/completion", { prompt: "a", samplers: ["magic"] }, "samplers[0]"],
    ["/completion", { prompt: "a", min_keep: 2 }, "min_keep"],
    ["/completion", { prompt: "a", post_sampling_probs: true }, "post_sampling_probs"],
    ["/completion", { prompt: "a", grammar: "root ::= (" }, "grammar"],
    ["/completion", { prompt: "a", json_schema: { type: 5 } }, "json_schema"],
    ["/completion", { prompt: "a", n_cmpl: 99 }, "n_cmpl"],
    ["/infill", { input_prefix: "a" }, "input_suffix"],
    ["/infill", { input_prefix: "a", input_suffix: "b", input_extra: [1] }, "input_extra[0]"],
    ["/embedding", {}, "content"],
    ["/embedding", { content: [1, "a"] }, "content"],
    ["/slots/0?action=save", { filename: "a" }, "action"],
    ["/slots/0?action=dance", {}, "action"],
    ["/props", {}, undefined],
    ["/lora-adapters", [{ id: 0, scale: 1 }], "lora"],
    ["/lora-adapters", {}, "lora"],
  ])("%s %j", async (path, body, param) => {
    const response = await post(path, body);
    const answer = (await response.json()) as { error: object };
    expect(response.status, JSON.stringify(answer)).toBe(400);
    expect(answer.error).toMatchObject({ code: 400, message: expect.any(String) as string, ...(param && { param }) });
  });

  test("also for a prompt that is too long, with the counts, and where nothing is served", async () => {
    const long = await post("/completion", { prompt: "one two three ".repeat(1_000) });
    expect([long.status, await long.json()]).toMatchObject([
      400,
      { error: { type: "exceed_context_size_error", n_ctx: 1024, n_prompt_tokens: expect.any(Number) as number } },
    ]);
    const missing = await fetch(`${tokenwire.url}/slots/0/nothing`);
    expect([missing.status, await missing.json()]).toMatchObject([
      404,
      { error: { code: 404, type: "not_found_error" } },
    ]);
  });
});
