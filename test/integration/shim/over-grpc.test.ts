import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "vitest";
import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import { FinishReason } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { aborted, startRpc } from "../../support/rpc.ts";
import { chat, hello, readEvents, testShim } from "./support.ts";

test("streams a long answer over gRPC to the official client, whole and in order", async () => {
  const count = 3_000;
  await using rpc = await startRpc({
    async *chat() {
      yield chat.started();
      for (let index = 0; index < count; index += 1) yield chat.text(`${index} `);
      yield chat.finished();
    },
  });
  await using shim = await testShim(rpc);
  const stream = shim.openai.chat.completions.stream({ ...hello, stream_options: { include_usage: true } });
  const completion = await stream.finalChatCompletion();
  expect(completion.choices[0]?.message.content).toBe(
    Array.from({ length: count }, (_, index) => `${index} `).join(""),
  );
  expect(completion.usage?.total_tokens).toBe(9);
});

test.each([false, true])("ends the service's work when the client leaves (stream: %s)", async (stream) => {
  const started = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  await using rpc = await startRpc({
    async *chat(_, { signal }) {
      yield chat.started();
      yield chat.text("Hi");
      started.resolve();
      ended.resolve(await aborted(signal));
    },
  });
  await using shim = await testShim(rpc);
  const leaving = new AbortController();
  const request = shim.openai.chat.completions.create({ ...hello, stream }, { signal: leaving.signal });
  void request.catch(() => {});
  await started.promise;
  if (stream) await request;
  leaving.abort();
  expect(await ended.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
  await expect.poll(() => shim.logs.find((line) => line["status"] === 499)).toBeDefined();
});

test("ends the service's work when the reader of a stream breaks off", async () => {
  const ended = Promise.withResolvers<unknown>();
  await using rpc = await startRpc({
    async *chat(_, { signal }) {
      void aborted(signal).then(ended.resolve);
      yield chat.started();
      for (;;) {
        signal.throwIfAborted();
        yield chat.text("Hi ");
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    },
  });
  await using shim = await testShim(rpc);
  for await (const chunk of await shim.openai.chat.completions.create({ ...hello, stream: true })) {
    if (chunk.choices[0]?.delta.content) break;
  }
  expect(await ended.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
});

test("cuts off a reader who stopped, with an error that it finds when it reads again", async () => {
  const ended = Promise.withResolvers<unknown>();
  await using rpc = await startRpc({
    async *chat(_, { signal }) {
      void aborted(signal).then(ended.resolve);
      yield chat.started();
      for (;;) yield chat.text("x".repeat(10_000));
    },
  });
  await using shim = await testShim(rpc, { stall_timeout_seconds: 1 });
  const socket = connect(Number(new URL(shim.url).port), "127.0.0.1");
  socket.pause();
  const body = JSON.stringify({ ...hello, stream: true });
  socket.write(`POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n`);
  socket.write(`content-type: application/json\r\nconnection: close\r\n\r\n${body}`);
  expect(await ended.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
  let text = "";
  socket.on("data", (bytes) => (text = (text + bytes.toString()).slice(-1_000)));
  socket.resume();
  await once(socket, "end");
  expect(text).toContain("the client took nothing of its answer for 1 s");
  expect(text).not.toContain("[DONE]");
});

test.each([
  [ErrorReason.INVALID_PARAMETER, 400, null],
  [ErrorReason.UNSUPPORTED_PARAMETER, 400, "unsupported_parameter"],
  [ErrorReason.CONTEXT_LENGTH_EXCEEDED, 400, "context_length_exceeded"],
  [ErrorReason.UNAUTHENTICATED, 401, "invalid_api_key"],
  [ErrorReason.PERMISSION_DENIED, 403, "permission_denied"],
  [ErrorReason.MODEL_NOT_FOUND, 404, "model_not_found"],
  [ErrorReason.REQUEST_TOO_LARGE, 413, "request_too_large"],
  [ErrorReason.RATE_LIMITED, 429, "rate_limit_exceeded"],
  [ErrorReason.OVERLOADED, 503, "overloaded"],
  [ErrorReason.MODEL_LOADING, 503, "model_loading"],
  [ErrorReason.SHUTTING_DOWN, 503, "shutting_down"],
  [ErrorReason.QUARANTINED, 422, "quarantined"],
  [ErrorReason.WORKER_LOST, 503, "worker_lost"],
  [ErrorReason.MODEL_LOAD_FAILED, 503, "model_load_failed"],
  [ErrorReason.INSUFFICIENT_MEMORY, 503, "insufficient_memory"],
  [ErrorReason.DEADLINE, 504, "timeout"],
])("answers the service's reason %i with %i %s", async (reason, status, code) => {
  await using rpc = await startRpc({
    async *chat() {
      yield chat.started();
      throw new RpcError(reason, "as it is", { param: "messages", retryAfterMs: 1_500 });
    },
  });
  await using shim = await testShim(rpc);
  const response = await shim.post("/v1/chat/completions", { ...hello, stream: true });
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ error: { message: "as it is", param: "messages", code } });
  const final = [ErrorReason.QUARANTINED, ErrorReason.MODEL_LOAD_FAILED] as number[];
  expect(response.headers.get("x-should-retry")).toBe(final.includes(reason) ? "false" : null);
});

test("is a plain 503 when the service is away", async () => {
  await using rpc = await startRpc({});
  await using shim = await testShim(rpc);
  await rpc.server.close(0);
  expect((await shim.post("/v1/chat/completions", hello)).status).toBe(503);
  rpc.client.close();
  expect((await shim.post("/v1/chat/completions", hello)).status).toBe(503);
});

test("pings while the service is silent, and then still answers", async () => {
  await using rpc = await startRpc({
    async *chat() {
      yield chat.started();
      await new Promise((resolve) => setTimeout(resolve, 150));
      yield chat.text("Hi");
      yield chat.finished();
    },
  });
  await using shim = await testShim(rpc, { ping_interval_seconds: 0.03 });
  const response = await shim.post("/v1/chat/completions", { ...hello, stream: true });
  const copy = response.clone();
  expect((await readEvents(response)).at(-1)).toBe("[DONE]");
  expect(await copy.text()).toMatch(/^: ping - /);
  await using quiet = await testShim(rpc, { ping_interval_seconds: 0.03, disable_ping_events: true });
  expect(await (await quiet.post("/v1/chat/completions", { ...hello, stream: true })).text()).not.toContain(": ping");
});

test("tells whose event stream waits for a model how far its load is, and nobody else", async () => {
  const loaded = Promise.withResolvers<void>();
  await using rpc = await startRpc({
    async *chat() {
      yield { event: { case: "loading", value: { model: "big", progress: 0.456, elapsedMs: 5 } } };
      await loaded.promise;
      yield chat.started();
      yield chat.text("Hi");
      yield chat.finished();
    },
  });
  await using shim = await testShim(rpc, { ping_interval_seconds: 0.03 });
  const response = await shim.post("/v1/chat/completions", { ...hello, stream: true });
  const copy = response.clone();
  const whole = shim.post("/v1/chat/completions", hello);
  loaded.resolve();
  expect((await readEvents(response)).at(-1)).toBe("[DONE]");
  expect(await copy.text()).toMatch(/^: model "big" is being loaded \(45 %\)\n\n/);
  expect(await (await whole).json()).toMatchObject({ choices: [{ message: { content: "Hi" } }] });
});

test.each([
  ["/api/chat", hello],
  ["/v1/messages", { ...hello, max_tokens: 5 }],
  ["/v1/responses", { model: "tiny", input: "x" }],
  ["/v1/completions", { model: "tiny", prompt: "x" }],
])("%s has nothing of a model's load in its answer", async (path, body) => {
  const loading = { event: { case: "loading" as const, value: { model: "big", progress: 0, elapsedMs: 5 } } };
  await using rpc = await startRpc({
    async *chat() {
      yield loading;
      yield chat.started();
      yield chat.text("Hi");
      yield chat.finished();
    },
    async *complete() {
      yield loading;
      yield { event: { case: "started", value: { model: "tiny", promptTokens: 1 } } };
      yield { event: { case: "text", value: { text: "Hi" } } };
      yield { event: { case: "finished", value: { reason: FinishReason.STOP } } };
    },
  });
  await using shim = await testShim(rpc);
  const response = await shim.post(path, { ...body, stream: true });
  expect(response.status).toBe(200);
  const text = await response.text();
  expect(text).toContain("Hi");
  expect(text).not.toContain("big");
});

test("ends a request that takes too long with 504", async () => {
  await using rpc = await startRpc({
    async *chat(_, { signal }) {
      yield chat.started();
      await aborted(signal);
    },
  });
  await using shim = await testShim(rpc, { request_timeout_seconds: 0.1 });
  expect((await shim.post("/v1/chat/completions", hello)).status).toBe(504);
});
