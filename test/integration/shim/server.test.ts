import { once } from "node:events";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ModelState } from "../../../proto/gen/tokenwire/v1/models_pb.ts";
import { chat, hello, readEvents, testShim } from "./support.ts";

const answers = { chat: () => [chat.started(), chat.text("Hi"), chat.finished()] };

test("lets everything pass without an API key, Bearer None too", async () => {
  await using shim = await testShim(answers);
  for (const authorization of [undefined, "Bearer None", "Basic eA=="]) {
    const headers = { "content-type": "application/json", ...(authorization && { authorization }) };
    expect((await shim.post("/v1/chat/completions", hello, { headers })).status).toBe(200);
  }
});

test("asks for one of the API keys, but not at the probes", async () => {
  await using shim = await testShim(
    { ...answers, listModels: () => ({ models: [] }) },
    { api_key: ["sesame", "open"] },
  );
  const status = async (headers: Record<string, string>) =>
    (await shim.post("/v1/chat/completions", hello, { headers })).status;
  expect(await status({ authorization: "Bearer sesame" })).toBe(200);
  expect(await status({ authorization: "bearer open" })).toBe(200);
  expect(await status({ "x-api-key": "open" })).toBe(200);
  for (const headers of [{}, { authorization: "Bearer None" }, { authorization: "sesame" }, { "x-api-key": "sesam" }]) {
    expect(await status(headers as Record<string, string>)).toBe(401);
  }
  const refused = await shim.post("/v1/chat/completions", hello, { headers: { authorization: "Bearer wrong" } });
  expect(await refused.json()).toMatchObject({ error: { type: "invalid_request_error", code: "invalid_api_key" } });
  for (const path of ["/health", "/ready", "/metrics"]) expect((await fetch(shim.url + path)).status).toBe(200);
  expect((await fetch(`${shim.url}/v1/models`)).status).toBe(401);
  expect((await fetch(`${shim.url}/trpc/models.list`)).status).toBe(401);
});

test("says why it cannot listen", async () => {
  const start = testShim(answers, { host: "no-such-host.invalid" });
  await expect(start).rejects.toThrow(/^cannot listen on no-such-host\.invalid:0: this host is not known: .* HOST/);
});

test("serves pages of other origins only when they are allowed", async () => {
  const origin = { origin: "https://chat.example.com" };
  const preflight = {
    method: "OPTIONS",
    headers: { ...origin, "access-control-request-method": "POST", "access-control-request-headers": "authorization" },
  };
  await using closed = await testShim(answers, { api_key: ["k"] });
  expect(
    (await fetch(`${closed.url}/health`, { headers: origin })).headers.get("access-control-allow-origin"),
  ).toBeNull();
  await using open = await testShim(answers, { api_key: ["k"], cors_origins: ["https://chat.example.com"] });
  const allowed = await fetch(`${open.url}/v1/chat/completions`, preflight);
  expect(allowed.status).toBe(204);
  expect(allowed.headers.get("access-control-allow-origin")).toBe("https://chat.example.com");
  expect(allowed.headers.get("access-control-allow-headers")).toBe("authorization");
  // A page must be able to read an error too.
  const refused = await open.post("/v1/chat/completions", hello, { headers: origin });
  expect(refused.status).toBe(401);
  expect(refused.headers.get("access-control-allow-origin")).toBe("https://chat.example.com");
  expect(refused.headers.get("access-control-expose-headers")).toContain("x-request-id");
  const stranger = await fetch(`${open.url}/health`, { headers: { origin: "https://evil.example" } });
  expect(stranger.headers.get("access-control-allow-origin")).toBeNull();
});

test("mounts everything under root_path as well", async () => {
  await using shim = await testShim(answers, { root_path: "/llm" });
  expect((await shim.post("/llm/v1/chat/completions", hello)).status).toBe(200);
  expect((await shim.post("/v1/chat/completions", hello)).status).toBe(200);
  expect((await fetch(`${shim.url}/llmx/health`)).status).toBe(404);
});

test.each([
  "/chat/completions",
  "/v1/chat/completions/",
  "//v1//chat/completions",
  "/v1/v1/chat/completions",
  "/llm/chat/completions//",
])("finds a route by the path %s, and counts it as itself", async (path) => {
  await using shim = await testShim(answers, { root_path: "/llm" });
  expect((await shim.post(path, hello)).status).toBe(200);
  expect(shim.logs.map((line) => line["route"])).toContain("/v1/chat/completions");
});

test.each(["/completions", "/v1/tokenize", "/models", "/v1/health/", "/models/org/tiny"])(
  "knows %s, with or without /v1",
  async (path) => {
    await using shim = await testShim({});
    const response = await fetch(shim.url + path);
    expect(response.status).not.toBe(404);
  },
);

test("lists models and finds one whose id has slashes", async () => {
  const model = {
    id: "org/tiny",
    state: ModelState.RESIDENT,
    created: 1_700_000_000n,
    details: { contextLength: 2_048, sizeBytes: 5_000_000_000n, slots: 4 },
  };
  await using shim = await testShim({
    listModels: () => ({ models: [model] }),
    getModel: ({ id }) => ({ model: { ...model, id } }),
  });
  const { data } = await shim.openai.models.list();
  expect(data).toMatchObject([
    {
      id: "org/tiny",
      object: "model",
      created: 1_700_000_000,
      owned_by: "tokenwire",
      status: { value: "loaded" },
      meta: { n_ctx: 2_048, size: 5_000_000_000, n_slots: 4 },
    },
  ]);
  expect(await shim.openai.models.retrieve("org/tiny")).toMatchObject({ id: "org/tiny" });
  expect(await (await fetch(`${shim.url}/v1/models/org/tiny`)).json()).toMatchObject({ id: "org/tiny" });
  expect((await fetch(`${shim.url}/v1/models/%E0%A4%A`)).status).toBe(400);
});

test.each([
  [[ModelState.RESIDENT, ModelState.LOADING], 200, "ready"],
  [[ModelState.UNLOADED], 200, "ready"],
  [[ModelState.LOADING], 503, "loading"],
  [[ModelState.FAILED, ModelState.UNLOADED], 503, "failed"],
])("is ready by the models' states (%j)", async (states, status, word) => {
  await using shim = await testShim({
    listModels: () => ({ models: states.map((state, index) => ({ id: `m${index}`, state })) }),
  });
  const response = await fetch(`${shim.url}/ready`);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ status: word });
});

test.each([
  [[ModelState.UNLOADED, ModelState.LOADING], 200, "ready"],
  [[ModelState.LOADING, ModelState.FAILED], 200, "ready"],
  [[ModelState.FAILED, ModelState.FAILED], 503, "failed"],
])("is ready while a request would load the first model (%j)", async (states, status, word) => {
  const models = states.map((state, index) => ({ id: `m${index}`, state, ...(index === 0 && { ttlSeconds: 60 }) }));
  await using shim = await testShim({ listModels: () => ({ models }) });
  const response = await fetch(`${shim.url}/ready`);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ status: word });
});

test("is not ready when the service cannot be reached, but healthy", async () => {
  await using shim = await testShim({});
  expect((await fetch(`${shim.url}/ready`)).status).toBe(503);
  expect((await fetch(`${shim.url}/health`)).status).toBe(200);
});

test("counts requests by route template in /metrics", async () => {
  await using shim = await testShim({ ...answers, getModel: ({ id }) => ({ model: { id } }) });
  await shim.post("/v1/chat/completions", hello);
  await fetch(`${shim.url}/v1/models/a`);
  await fetch(`${shim.url}/made/up`);
  const text = await (await fetch(`${shim.url}/metrics`)).text();
  expect(text).toContain(
    'tokenwire_http_request_duration_seconds_count{method="POST",route="/v1/chat/completions",status="200"} 1',
  );
  expect(text).toContain('{method="GET",route="/v1/models/*id",status="200"} 1');
  expect(text).toContain('{method="GET",route="(none)",status="404"} 1');
});

test.each([false, true])("cancels the call when the client leaves (stream: %s)", async (stream) => {
  const running = Promise.withResolvers<void>();
  const cancelled = Promise.withResolvers<void>();
  await using shim = await testShim({
    chat: async function* (_, { signal }) {
      signal?.addEventListener("abort", () => cancelled.resolve());
      yield chat.started();
      yield chat.text("Hi");
      running.resolve();
      await new Promise(() => {});
    },
  });
  const leaving = new AbortController();
  const request = shim.post("/v1/chat/completions", { ...hello, stream }, { signal: leaving.signal }).catch(() => {});
  await running.promise;
  if (stream) await request;
  leaving.abort();
  await cancelled.promise;
  await expect
    .poll(() => shim.logs.find((line) => line["route"] === "/v1/chat/completions"))
    .toMatchObject({
      status: 499,
      error: "cancelled",
      usage: { promptTokens: 7, completionTokens: 1 },
    });
  expect(shim.logs.every((line) => line.level < 50)).toBe(true);
});

test("never logs what was said", async () => {
  await using shim = await testShim(answers);
  await shim.post("/v1/chat/completions", { ...hello, messages: [{ role: "user", content: "my secret" }] });
  await shim.post("/v1/chat/completions", { messages: [{ role: "my secret" }], seed: "my secret" });
  await shim.post("/v1/chat/completions", '{"messages": "my secret');
  await expect.poll(() => shim.logs).toHaveLength(3);
  expect(JSON.stringify(shim.logs)).not.toContain("secret");
});

test("logs probes for debugging only", async () => {
  await using shim = await testShim({ listModels: () => ({ models: [] }) });
  await fetch(`${shim.url}/ready`);
  await fetch(`${shim.url}/v1/models`);
  await expect
    .poll(() => shim.logs.map(({ level, route }) => [route, level]))
    .toEqual([
      ["/ready", 20],
      ["/v1/models", 30],
    ]);
});

test("keeps a well-formed request id and replaces another", async () => {
  await using shim = await testShim(answers);
  const idFor = async (id: string) =>
    (await fetch(`${shim.url}/health`, { headers: { "x-request-id": id } })).headers.get("x-request-id");
  expect(await idFor("abc-123")).toBe("abc-123");
  expect(await idFor("no spaces")).toMatch(/^req_[0-9a-f]{32}$/);
  expect(await idFor("x".repeat(129))).toMatch(/^req_/);
});

test("lets running answers finish when it closes, and refuses new ones", async () => {
  const gate = Promise.withResolvers<void>();
  await using shim = await testShim({
    chat: async function* () {
      yield chat.started();
      yield chat.text("Hi");
      await gate.promise;
      yield chat.finished();
    },
  });
  const running = await shim.post("/v1/chat/completions", { ...hello, stream: true });
  const closing = shim.close(5_000);
  await expect(fetch(`${shim.url}/health`)).rejects.toThrow("fetch failed");
  gate.resolve();
  expect((await readEvents(running)).at(-1)).toBe("[DONE]");
  await closing;
});

test("ends running answers with an error when the grace time is over", async () => {
  await using shim = await testShim({
    chat: async function* (_, { signal }) {
      yield chat.started();
      yield chat.text("Hi");
      await new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    },
  });
  const running = await shim.post("/v1/chat/completions", { ...hello, stream: true });
  await shim.close(50);
  expect((await readEvents(running)).at(-1)).toMatchObject({ error: { code: "shutting_down" } });
});

test("refuses requests on a kept connection while it drains", async () => {
  const running = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  await using shim = await testShim({
    chat: async function* () {
      running.resolve();
      await gate.promise;
      yield* [chat.started(), chat.finished()];
    },
  });
  const socket = connect(Number(new URL(shim.url).port), "127.0.0.1");
  let text = "";
  socket.on("data", (bytes) => (text += bytes.toString()));
  const body = JSON.stringify(hello);
  const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n`;
  socket.write(head + body);
  await running.promise;
  const closing = shim.close(5_000);
  socket.write(head + body);
  await expect.poll(() => shim.logs.map((line) => line["status"])).toContain(503);
  gate.resolve();
  await once(socket, "close");
  await closing;
  expect(text).toMatch(/^HTTP\/1.1 200/);
  expect(text).toContain("HTTP/1.1 503");
  expect(text).toContain("shutting_down");
});

test("serves HTTPS with a key and a certificate", async () => {
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => fileURLToPath(new URL(`./tls/${name}`, import.meta.url)));
  await using shim = await testShim(answers, { ssl_keyfile: key ?? "", ssl_certfile: cert ?? "" });
  expect(shim.url).toMatch(/^https:/);
  const response = Promise.withResolvers<number | undefined>();
  httpsRequest(`${shim.url}/health`, { rejectUnauthorized: false }, (res) => response.resolve(res.statusCode)).end();
  expect(await response.promise).toBe(200);
});

test("says in a sentence that its port is taken", async () => {
  await using shim = await testShim({});
  const port = Number(new URL(shim.url).port);
  await expect(testShim({}, { port })).rejects.toThrow(`port ${port} on 127.0.0.1 is in use`);
});
