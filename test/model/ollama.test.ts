import { type ChatResponse, Ollama } from "ollama";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";
import { waitUntil } from "../support/wait-until.ts";

let tokenwire: Tokenwire;
let ollama: Ollama;
beforeAll(async () => {
  tokenwire = await startTokenwire({ args: ["--n_threads", "1"] });
  ollama = new Ollama({ host: tokenwire.url });
});
afterAll(() => tokenwire[Symbol.asyncDispose]());

const model = "tiny-guide";
const options = { temperature: 0, num_predict: 60 };
const asking = (content: string) => ({ model, options, messages: [{ role: "user", content }] });
const post = (path: string, body: unknown, method = "POST") =>
  fetch(tokenwire.url + path, { method, body: typeof body === "string" ? body : JSON.stringify(body) });

const weather = {
  type: "function",
  function: {
    name: "get_weather",
    description: "Get the current weather",
    parameters: { type: "object", required: ["city"], properties: { city: { type: "string" } } },
  },
};

describe("the official client", () => {
  test("chats, streamed and not, with counts and durations", async () => {
    const whole = await ollama.chat(asking("Hello!"));
    expect(whole).toMatchObject({ model, done: true, done_reason: "stop", message: { role: "assistant" } });
    expect(whole.message.content).toContain("Hello");
    const lines = await Array.fromAsync(await ollama.chat({ ...asking("Hello!"), stream: true }));
    expect(lines.map(({ message }) => message.content).join("")).toBe(whole.message.content);
    const last = lines.at(-1) as ChatResponse;
    expect(lines.filter(({ done }) => done)).toEqual([last]);
    for (const ending of [whole, last]) {
      expect(ending.eval_count).toBeGreaterThan(2);
      expect(ending.prompt_eval_count).toBeGreaterThan(2);
      const parts = ending.load_duration + ending.prompt_eval_duration + ending.eval_duration;
      expect(ending.total_duration).toBeGreaterThan(parts * 0.5);
      expect(Number.isInteger(ending.total_duration)).toBe(true);
    }
    expect(Number.isNaN(Date.parse(String(last.created_at)))).toBe(false);
  });

  test("calls a tool with an object, and answers from its result without ids", async () => {
    const question = asking("What is the weather in Paris?");
    const { message } = await ollama.chat({ ...question, tools: [weather] });
    expect(message.tool_calls?.map(({ function: fn }) => fn)).toMatchObject([
      { name: "get_weather", arguments: { city: "Paris" } },
    ]);
    const result = { role: "tool", tool_name: "get_weather", content: '{"temperature": 21, "condition": "sunny"}' };
    const messages = [...question.messages, message, result];
    expect((await ollama.chat({ ...question, messages, tools: [weather] })).message.content).toContain("21");
    const lines = await Array.fromAsync(await ollama.chat({ ...question, tools: [weather], stream: true }));
    expect(lines.flatMap(({ message }) => message.tool_calls ?? [])).toHaveLength(1);
  });

  test("thinks where it is asked to, apart from the answer", async () => {
    const thinking = await ollama.chat({ ...asking("Hello!"), think: true, options: { temperature: 0 } });
    expect(thinking.message.thinking).toBeTruthy();
    expect(thinking.message.content).not.toContain("<think>");
    expect((await ollama.chat({ ...asking("Hello!"), think: false })).message.thinking).toBeUndefined();
  });

  test("gets JSON, any or of a schema", async () => {
    const json = await ollama.chat({ ...asking("Hello!"), format: "json", options: { temperature: 1, seed: 1 } });
    expect(json.message.content).toMatch(/^{/);
    const schema = { type: "object", properties: { a: { enum: [7] } }, required: ["a"], additionalProperties: false };
    const { response } = await ollama.generate({
      model,
      prompt: "Hello!",
      format: schema,
      think: false,
      options: { temperature: 1 },
    });
    expect(JSON.parse(String(response))).toEqual({ a: 7 });
  });

  test("generates: a question, a raw prompt, and what belongs before a suffix", async () => {
    const prompt = "What is the capital of France?";
    const answer = await ollama.generate({ model, prompt, options });
    expect(answer).toMatchObject({
      done: true,
      done_reason: "stop",
      response: (await ollama.chat(asking(prompt))).message.content,
    });
    const raw = await ollama.generate({
      model,
      prompt: "1, 2, 3, 4,",
      raw: true,
      options: { ...options, num_predict: 6 },
    });
    expect(raw).toMatchObject({ done_reason: "length", eval_count: 6 });
    expect(raw.response).toContain("5");
    const filled = await ollama.generate({
      model,
      prompt: "1, 2,",
      suffix: " 4, 5",
      options: { ...options, num_predict: 4 },
    });
    expect(filled.done).toBe(true);
    const cut = await ollama.generate({ model, prompt: "word ".repeat(3_000), raw: true, options });
    expect(cut.prompt_eval_count).toBe(1_023);
    const lines = await Array.fromAsync(await ollama.generate({ model, prompt, stream: true, options }));
    expect(lines.map(({ response }) => response).join("")).toBe(answer.response);
  });

  test("goes on with a conversation by its context", async () => {
    const first = await ollama.generate({ model, prompt: "My name is Anna.", options });
    expect(first.context.length).toBeGreaterThan(5);
    const next = { model, prompt: "What is my name?", context: first.context, options };
    const second = await ollama.generate(next);
    expect(second.response).toContain("Anna");
    expect(second.context.slice(0, first.context.length)).toEqual(first.context);
  });

  test("goes on with an assistant's message that is the last", async () => {
    const question = asking("What is the capital of France?");
    const whole = (await ollama.chat(question)).message.content;
    const begun = [...question.messages, { role: "assistant", content: "The capital" }];
    expect(`The capital${(await ollama.chat({ ...question, messages: begun })).message.content}`).toBe(whole);
  });

  test("embeds one text or several, cut where they are too long", async () => {
    const { embeddings } = await ollama.embed({ model, input: ["Hello!", "word ".repeat(3_000)] });
    expect(embeddings.map(({ length }) => length)).toEqual([192, 192]);
    expect(Math.hypot(...(embeddings[0] ?? []))).toBeCloseTo(1, 4);
    expect((await ollama.embed({ model, input: "Hello!" })).embeddings).toEqual([embeddings[0]]);
    expect((await ollama.embed({ model, input: "Hello!", dimensions: 8 })).embeddings[0]).toHaveLength(8);
    expect((await ollama.embeddings({ model, prompt: "Hello!" })).embedding).toHaveLength(192);
    expect((await ollama.embed({ model, input: "" })).embeddings).toEqual([]);
    await expect(ollama.embed({ model, input: "word ".repeat(3_000), truncate: false })).rejects.toThrow(
      /context length/,
    );
  });

  test("lists, shows and loads models, by any of their names", async () => {
    const { models } = await ollama.list();
    expect(models).toMatchObject([{ name: "tiny-guide:latest", model: "tiny-guide:latest" }]);
    const shown = await ollama.show({ model: "tiny-guide:latest" });
    expect(shown).toMatchObject({
      capabilities: ["completion", "tools", "insert", "thinking"],
      details: { format: "gguf", family: "llama", quantization_level: "Q8_0", parameter_size: "3.4M" },
      model_info: { "general.architecture": "llama", "llama.context_length": expect.any(Number) as number },
    });
    expect(shown.template).toContain("<|im_start|>");
    expect((await ollama.chat({ ...asking("Hello!"), model: "tiny-guide:latest" })).message.content).toContain("Hello");
    const loaded = await ollama.generate({ model, prompt: "" });
    expect(loaded).toMatchObject({ done: true, done_reason: "load", response: "" });
    expect((await ollama.ps()).models).toMatchObject([{ name: "tiny-guide:latest", context_length: 1024 }]);
  });

  test("is told in Ollama's way what is wrong", async () => {
    await expect(ollama.chat({ ...asking("a"), model: "nobody" })).rejects.toMatchObject({
      status_code: 404,
      message: expect.stringContaining("not found") as string,
    });
    await expect(ollama.generate({ model, prompt: "a", raw: true, system: "b" })).rejects.toThrow(/^system/);
    await expect(ollama.pull({ model: "llama3" })).rejects.toThrow(/registry/);
    expect(await ollama.pull({ model })).toEqual({ status: "success" });
    await expect(ollama.push({ model })).rejects.toThrow(/not served/);
  });
});

test("gives a model another name, and takes it away again", async () => {
  expect(await ollama.copy({ source: model, destination: "other:latest" })).toMatchObject({});
  expect((await ollama.list()).models.map(({ name }) => name)).toContain("other:latest");
  expect((await ollama.show({ model: "other" })).details.family).toBe("llama");
  expect(await ollama.chat({ ...asking("a"), model: "other" })).toMatchObject({ model: "other", done: true });
  expect((await ollama.embed({ model: "other:latest", input: "a" })).embeddings).toHaveLength(1);
  expect(await ollama.pull({ model: "other" })).toEqual({ status: "success" });
  await ollama.copy({ source: "other", destination: "third" });
  await ollama.delete({ model: "other" });
  expect((await ollama.generate({ model: "third", prompt: "a", options: { num_predict: 1 } })).done).toBe(true);
  await ollama.delete({ model: "third" });
  await expect(ollama.chat({ ...asking("a"), model: "other" })).rejects.toMatchObject({ status_code: 404 });
  await expect(ollama.copy({ source: "nobody", destination: "b" })).rejects.toMatchObject({ status_code: 404 });
  await expect(ollama.copy({ source: model, destination: model })).rejects.toThrow(/^destination/);
});

test("says what Ollama's clients probe for", async () => {
  const said = async (headers: Record<string, string>) => (await fetch(tokenwire.url, { headers })).text();
  expect(await said({ "user-agent": "ollama-python/0.5.1 (x86_64 linux)" })).toBe("Ollama is running");
  expect(await said({ accept: "text/plain" })).toBe("Ollama is running");
  expect((await fetch(tokenwire.url, { method: "HEAD" })).status).toBe(200);
  expect((await (await fetch(`${tokenwire.url}/api/version`)).json()) as object).toMatchObject({ version: "0.13.0" });
});

test("tells log-probabilities", async () => {
  const body = { ...asking("Hello!"), stream: false, logprobs: true, top_logprobs: 2 };
  const { message, logprobs } = (await (await post("/api/chat", body)).json()) as {
    message: { content: string };
    logprobs: { token: string; top_logprobs: unknown[] }[];
  };
  expect(logprobs.map(({ token }) => token).join("")).toBe(message.content);
  expect(logprobs.every(({ top_logprobs: top }) => top.length === 2)).toBe(true);
});

test("leaves out the oldest messages of a conversation that does not fit, and says so", async () => {
  const long = { role: "user", content: "word ".repeat(500) };
  const messages = [{ role: "system", content: "Be brief." }, long, long, long, { role: "user", content: "Hello!" }];
  const body = { model, messages, stream: false, options };
  const response = await post("/api/chat", body);
  expect(response.headers.get("warning")).toMatch(/oldest messages did not fit/);
  expect(((await response.json()) as ChatResponse).message.content).toBeTruthy();
  const refused = await post("/api/chat", { ...body, truncate: false });
  expect(refused.status).toBe(400);
  expect(((await refused.json()) as { error: string }).error).toMatch(/maximum context length/);
});

test("names what has no effect, and what nobody knows", async () => {
  const body = { ...asking("Hello!"), stream: false, keep_alive: "5m" };
  const response = await post("/api/chat", { ...body, options: { ...options, num_ctx: 4096, foo: 1 } });
  expect(response.status).toBe(200);
  const warning = response.headers.get("warning") ?? "";
  for (const field of ["options.num_ctx", "options.foo", "keep_alive"]) expect(warning).toContain(field);
});

describe("bad input is a 400 with a sentence", () => {
  const good = { model, messages: [{ role: "user", content: "a" }] };
  test.each<[string, unknown, RegExp]>([
    ["/api/chat", "{", /JSON/],
    ["/api/chat", "[]", /object/],
    ["/api/chat", {}, /^model is required/],
    ["/api/chat", { ...good, messages: "a" }, /^messages/],
    ["/api/chat", { ...good, messages: [{ role: "wizard", content: "a" }] }, /^messages\[0\]\.role/],
    [
      "/api/chat",
      { ...good, messages: [{ role: "user", content: "a", images: ["aGk="] }] },
      /^messages\[0\]\.images\[0\].*no projector/s,
    ],
    ["/api/chat", { ...good, options: { temperature: 9 } }, /^options\.temperature/],
    ["/api/chat", { ...good, options: { stop: [""] } }, /^options\.stop/],
    ["/api/chat", { ...good, options: { mirostat: 3 } }, /^options\.mirostat/],
    ["/api/chat", { ...good, format: "yaml" }, /^format/],
    ["/api/chat", { ...good, format: { type: 5 } }, /^format/],
    ["/api/chat", { ...good, keep_alive: "soon" }, /^keep_alive/],
    ["/api/chat", { ...good, think: "harder" }, /^think/],
    ["/api/chat", { ...good, top_logprobs: 2 }, /^top_logprobs/],
    ["/api/chat", { ...good, tools: [{ type: "function" }] }, /^tools\[0\]\.function/],
    ["/api/generate", { model, prompt: 5 }, /^prompt/],
    ["/api/generate", { model, prompt: "a", template: "{{ .Prompt }}" }, /template/],
    ["/api/generate", { model, prompt: "a", context: [4_000_000] }, /vocabulary/],
    ["/api/generate", { model, prompt: "a", images: ["aGk="] }, /^images\[0\].*no projector/s],
    ["/api/embed", { model, input: [""] }, /^input/],
    ["/api/embed", { model, input: "a", dimensions: 1_000 }, /^dimensions/],
    ["/api/show", {}, /^model is required/],
    ["/api/create", { model: "a" }, /not served/],
    ["/api/blobs/sha256:12", "bytes", /not served/],
  ])("%s %j", async (path, body, words) => {
    const response = await post(path, body);
    const answer = (await response.json()) as { error: string };
    expect([response.status, answer]).toEqual([400, { error: expect.stringMatching(words) as string }]);
  });

  test("also where nothing is served, by path or method", async () => {
    const missing = await fetch(`${tokenwire.url}/api/nothing`);
    expect([missing.status, await missing.json()]).toEqual([404, { error: expect.any(String) as string }]);
    const wrong = await fetch(`${tokenwire.url}/api/chat`);
    expect([wrong.status, await wrong.json()]).toEqual([405, { error: expect.any(String) as string }]);
  });
});

test.each(["/api/chat", "/api/generate"])("%s: leaving the stream frees the slot", async (path) => {
  const leave = new AbortController();
  const endless = { model, prompt: "Hello!", messages: [{ role: "user", content: "Tell me a story." }] };
  const body = JSON.stringify({ ...endless, format: { type: "string", pattern: "^a{900}$" } });
  const response = await fetch(tokenwire.url + path, { method: "POST", body, signal: leave.signal });
  await response.body?.getReader().read();
  leave.abort();
  await waitUntil("the slot is free", async () => (await tokenwire.metric("tokenwire_slots_busy")) === 0);
});

test("keep_alive 0 takes the model out of memory behind the answer, and without a prompt at once", async () => {
  const resident = async () => (await ollama.ps()).models.length;
  await ollama.chat({ ...asking("Hello!"), keep_alive: 0 });
  await waitUntil("the model is gone", async () => (await resident()) === 0);
  await ollama.generate({ model, prompt: "" });
  expect(await resident()).toBe(1);
  expect(await ollama.generate({ model, prompt: "", keep_alive: 0 })).toMatchObject({ done_reason: "unload" });
  expect(await resident()).toBe(0);
});
