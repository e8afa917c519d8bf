import { EventSource } from "eventsource";
import { expect, test } from "vitest";
import { createTrpcClient } from "../../../clients/trpc/client.ts";
import { aborted, startRpc } from "../../support/rpc.ts";
import { chat, testShim } from "./support.ts";

const messages = [{ role: "user" as const, content: "hello" }];
const eventSource = { EventSource: EventSource as unknown as typeof globalThis.EventSource };

test("serves the tRPC router under /trpc, streams included", async () => {
  await using rpc = await startRpc(
    {
      async *chat(request, { metadata }) {
        expect(request.messages).toHaveLength(1);
        expect(metadata("x-request-id")).toMatch(/^req_/);
        yield chat.started();
        yield chat.text("Hel");
        yield chat.text("lo");
        yield chat.finished();
      },
    },
    { models: { listModels: async () => ({ models: [{ id: "tiny" }] }) } },
  );
  await using shim = await testShim(rpc);
  const trpc = createTrpcClient({ url: `${shim.url}/trpc`, ...eventSource });
  expect(await trpc.models.list.query()).toMatchObject([{ id: "tiny" }]);
  const events = await Array.fromAsync(await trpc.chat.mutate({ messages }));
  expect(events).toMatchObject([{}, { text: "Hel" }, { text: "lo" }, {}]);
  await expect.poll(() => shim.logs.map((line) => line["route"])).toContain("/trpc/*path");
});

test("refuses what is too large or too much before it is parsed, in tRPC's shape", async () => {
  await using rpc = await startRpc({});
  await using shim = await testShim(rpc, { body_limit_bytes: 2_000_000, media_body_limit_bytes: 3_000_000 });
  const trpc = createTrpcClient({ url: `${shim.url}/trpc`, ...eventSource });
  const logitBias = Array.from({ length: 100_001 }, () => ({}));
  const wide = trpc.chat.mutate({ messages, options: { logitBias } } as never);
  await expect(wide).rejects.toMatchObject({
    message: "options.logitBias has more than 100000 items",
    data: { code: "BAD_REQUEST", httpStatus: 400, reason: "INVALID_PARAMETER", param: "options.logitBias" },
  });
  const long = trpc.chat.mutate({ messages: [{ role: "user", content: "x".repeat(2_000_001) }] });
  // The larger limit is for pictures and sounds alone.
  await expect(long).rejects.toMatchObject({ data: { httpStatus: 413, reason: "REQUEST_TOO_LARGE" } });
  const longer = trpc.chat.mutate({ messages: [{ role: "user", content: "x".repeat(3_000_001) }] });
  await expect(longer).rejects.toMatchObject({ data: { httpStatus: 413, reason: "REQUEST_TOO_LARGE" } });
  const headers = { "content-type": "application/json" };
  for (const body of [Buffer.from([0x22, 0xff, 0x22]), "{"])
    expect((await fetch(`${shim.url}/trpc/chat`, { method: "POST", headers, body })).status).toBe(400);
  expect(shim.logs.filter(({ level }) => Number(level) >= 50)).toEqual([]);
});

test("ends the service's work when a tRPC caller breaks off", async () => {
  const ended = Promise.withResolvers<unknown>();
  await using rpc = await startRpc({
    async *chat(_, { signal }) {
      yield chat.started();
      yield chat.text("Hi");
      ended.resolve(await aborted(signal));
    },
  });
  await using shim = await testShim(rpc);
  const leaving = new AbortController();
  const trpc = createTrpcClient({ url: `${shim.url}/trpc`, ...eventSource });
  const stream = await trpc.chat.mutate({ messages }, { signal: leaving.signal });
  await expect(async () => {
    for await (const _ of stream) leaving.abort();
  }).rejects.toThrow("abort");
  await ended.promise;
});

test("does not let a watch hold up the end of the server", async () => {
  const watching = Promise.withResolvers<void>();
  await using rpc = await startRpc(
    {},
    {
      models: {
        async *watchModels(_, { signal }) {
          yield { model: { id: "tiny" } };
          watching.resolve();
          await aborted(signal);
        },
      },
    },
  );
  await using shim = await testShim(rpc);
  const trpc = createTrpcClient({ url: `${shim.url}/trpc`, ...eventSource });
  const subscription = trpc.models.watch.subscribe(undefined, { onData() {}, onError() {} });
  await watching.promise;
  const before = performance.now();
  await shim.close(5_000);
  expect(performance.now() - before).toBeLessThan(2_000);
  subscription.unsubscribe();
});

test.each([
  ["its reader takes nothing", { stall_timeout_seconds: 0.2 }, false],
  ["the server's grace is over", {}, true],
])("ends a stream of tRPC when %s", async (_, settings, closes) => {
  const ended = Promise.withResolvers<void>();
  await using rpc = await startRpc({
    async *chat(_request, { signal }) {
      try {
        yield chat.started();
        while (!closes) yield chat.text("x".repeat(50_000));
        await aborted(signal);
      } finally {
        ended.resolve();
      }
    },
  });
  await using shim = await testShim(rpc, settings);
  const headers = { "trpc-accept": "application/jsonl", "content-type": "application/json" };
  const response = await shim.post("/trpc/chat?batch=1", { 0: { messages } }, { headers });
  expect(response.status).toBe(200);
  if (closes) await shim.close(50);
  await ended.promise;
  await response.body?.cancel().catch(() => {});
});

test("logs a caller's mistakes as such, and a bug as a bug", async () => {
  await using rpc = await startRpc({
    // oxlint-disable-next-line require-yield
    async *chat() {
      throw new TypeError("a bug");
    },
  });
  await using shim = await testShim(rpc);
  const post = async (path: string, body: unknown) => (await shim.post(`/trpc/${path}`, body)).status;
  expect(await post("chat", { messages: "hello" })).toBe(400);
  expect(await post("chat", "{")).toBe(400);
  expect(await post("chats", {})).toBe(404);
  const lines = () => shim.logs.filter((line) => line["route"] === "/trpc/*path");
  await expect.poll(() => lines().map((line) => line["status"])).toEqual([400, 400, 404]);
  expect(shim.logs.filter(({ level }) => level >= 40)).toEqual([]);
  const trpc = createTrpcClient({ url: `${shim.url}/trpc`, ...eventSource });
  await expect(Array.fromAsync(await trpc.chat.mutate({ messages }))).rejects.toThrow("internal error");
  await expect.poll(() => shim.logs.some(({ level }) => level >= 50)).toBe(true);
});

test("logs no error of a caller who leaves", async () => {
  await using rpc = await startRpc({
    async *chat(_, { signal }) {
      yield chat.started();
      yield chat.text("Hi");
      await aborted(signal);
    },
  });
  await using shim = await testShim(rpc);
  const leaving = new AbortController();
  const trpc = createTrpcClient({ url: `${shim.url}/trpc`, ...eventSource });
  const stream = await trpc.chat.mutate({ messages }, { signal: leaving.signal });
  await expect(async () => {
    for await (const _ of stream) leaving.abort();
  }).rejects.toThrow("abort");
  await expect.poll(() => shim.logs.find((line) => line["status"] === 499)).toBeDefined();
  expect(shim.logs.filter(({ level }) => level >= 40)).toEqual([]);
});
