import { TRPCClientError } from "@trpc/client";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { describe, expect, test } from "vitest";
import { ErrorReason, FinishReason, ModelState, Role, RpcError, type ChatRequest } from "../../../clients/index.ts";
import type { PlainModel } from "../../../clients/trpc/from-proto.ts";
import { PullModelResponse_Stage } from "../../../proto/gen/tokenwire/v1/models_pb.ts";
import { aborted, collect, rejection, startRpc, textEvent } from "../../support/rpc.ts";
import { startTrpc } from "../../support/rpc-trpc.ts";

const hello = { messages: [{ role: "user" as const, content: "Hello" }] };

describe("chat", () => {
  test("streams the events of the service as plain objects", async () => {
    let request: ChatRequest | undefined;
    let requestId: string | undefined;
    await using rpc = await startRpc({
      async *chat(received, context) {
        request = received;
        requestId = context.requestId;
        yield { event: { case: "started", value: { model: "tiny", promptTokens: 3, cachedTokens: 1 } } };
        yield { choice: 1, event: { case: "reasoning", value: { text: "hm" } } };
        const token = { id: 7, bytes: Buffer.from("Hi"), logprob: -0.5 };
        yield { event: { case: "text", value: { text: "Hi", logprobs: [{ token, top: [token] }] } } };
        yield { event: { case: "toolCall", value: { index: 0, id: "c1", name: "f", arguments: "{" } } };
        yield { event: { case: "toolCall", value: { index: 0, arguments: "}" } } };
        const usage = { promptTokens: 3, completionTokens: 2, cachedTokens: 1, reasoningTokens: 1 };
        yield { event: { case: "finished", value: { reason: FinishReason.TOOL_CALLS, usage } } };
      },
    });
    await using trpc = await startTrpc(rpc, { "x-request-id": "from-the-shim" });
    const events = await collect(await trpc.client.chat.mutate({ model: "tiny", ...hello }));

    expect(request).toMatchObject({
      model: "tiny",
      messages: [{ role: Role.USER, content: [{ part: { case: "text", value: "Hello" } }] }],
    });
    expect(requestId).toBe("from-the-shim");
    const token = { id: 7, text: "Hi", bytes: [72, 105], logprob: -0.5 };
    expect(events).toEqual([
      { choice: 0, type: "started", model: "tiny", promptTokens: 3, cachedTokens: 1, slot: 0 },
      { choice: 1, type: "reasoning", text: "hm" },
      { choice: 0, type: "text", text: "Hi", logprobs: [{ ...token, top: [token] }] },
      { choice: 0, type: "toolCall", index: 0, id: "c1", name: "f", arguments: "{" },
      { choice: 0, type: "toolCall", index: 0, arguments: "}" },
      {
        choice: 0,
        type: "finished",
        reason: "toolCalls",
        usage: { promptTokens: 3, completionTokens: 2, cachedTokens: 1, reasoningTokens: 1 },
      },
    ]);
  });

  test("gives everything to a frontend that reads slowly", async () => {
    await using rpc = await startRpc({
      async *chat() {
        for (let i = 0; i < 50; i++) yield textEvent(`${i}`);
      },
    });
    await using trpc = await startTrpc(rpc);
    let received = 0;
    for await (const event of await trpc.client.chat.mutate(hello)) {
      expect(event).toMatchObject({ text: `${received++}` });
      await new Promise(setImmediate);
    }
    expect(received).toBe(50);
  });

  test("stops the generation when the frontend breaks", async () => {
    const reason = Promise.withResolvers<unknown>();
    await using rpc = await startRpc({
      async *chat(_request, { signal }) {
        yield textEvent("first");
        reason.resolve(await aborted(signal));
      },
    });
    await using trpc = await startTrpc(rpc);
    for await (const event of await trpc.client.chat.mutate(hello)) {
      expect(event).toMatchObject({ type: "text", text: "first" });
      break;
    }
    expect(await reason.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
    expect(rpc.bugs).toEqual([]);
  });

  test("stops the generation when the frontend aborts while it waits for the next event", async () => {
    const reason = Promise.withResolvers<unknown>();
    const waiting = Promise.withResolvers<void>();
    await using rpc = await startRpc({
      async *chat(_request, { signal }) {
        yield textEvent("first");
        waiting.resolve();
        reason.resolve(await aborted(signal));
      },
    });
    await using trpc = await startTrpc(rpc);
    const controller = new AbortController();
    const stream = await trpc.client.chat.mutate(hello, { signal: controller.signal });
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await waiting.promise;
    const next = rejection(Promise.resolve(iterator.next()));
    controller.abort();
    await next;
    expect(await reason.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
  });

  test("stops the generation when the frontend aborts before the first event", async () => {
    const started = Promise.withResolvers<void>();
    const reason = Promise.withResolvers<unknown>();
    await using rpc = await startRpc({
      // oxlint-disable-next-line require-yield
      async *chat(_request, { signal }) {
        started.resolve();
        reason.resolve(await aborted(signal));
      },
    });
    await using trpc = await startTrpc(rpc);
    const controller = new AbortController();
    const reading = (async () => collect(await trpc.client.chat.mutate(hello, { signal: controller.signal })))();
    const failure = rejection(reading);
    await started.promise;
    controller.abort();
    expect(await failure).toMatchObject({ name: "AbortError" });
    expect(await reason.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
  });

  test("is not sent when the signal is already aborted", async () => {
    await using rpc = await startRpc({});
    await using trpc = await startTrpc(rpc);
    const signal = AbortSignal.abort();
    expect(await rejection(trpc.client.chat.mutate(hello, { signal }))).toBeInstanceOf(TRPCClientError);
    expect(rpc.bugs).toEqual([]);
  });

  test("throws the service's error after the events before it, with its reason, param and code", async () => {
    await using rpc = await startRpc({
      async *chat() {
        yield textEvent("some");
        throw new RpcError(ErrorReason.RATE_LIMITED, "slow down", { retryAfterMs: 2_000, param: "options.n" });
      },
    });
    await using trpc = await startTrpc(rpc);
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const event of await trpc.client.chat.mutate(hello)) seen.push(event);
    })();
    const error = await rejection(reading);
    expect(error).toBeInstanceOf(TRPCClientError);
    expect(error).toMatchObject({
      message: "slow down",
      data: { code: "TOO_MANY_REQUESTS", reason: "RATE_LIMITED", retryAfterMs: 2_000, param: "options.n" },
    });
    expect(seen).toHaveLength(1);
    expect(JSON.stringify(error)).not.toContain("stack");
  });

  test("slows the service down when nobody reads the connection, and stops when it is cut", async () => {
    let produced = 0;
    const reason = Promise.withResolvers<unknown>();
    await using rpc = await startRpc({
      async *chat(_request, { signal }) {
        signal.addEventListener("abort", () => reason.resolve(signal.reason));
        // Twice what connections between two processes of one machine hold at most.
        for (; produced < 2_000; produced++) yield textEvent("x".repeat(16 * 1024));
      },
      tokenize: async () => ({}),
    });
    await using trpc = await startTrpc(rpc);
    // tRPC's own client reads ahead of its reader without a bound, so this one does without.
    const headers = { "content-type": "application/json", "trpc-accept": "application/jsonl" };
    const post = request(`${trpc.url}/chat?batch=1`, { method: "POST", headers });
    post.end(JSON.stringify({ 0: hello }));
    const [response] = (await once(post, "response")) as [IncomingMessage];
    response.pause();
    let ahead = -1;
    while (ahead !== produced) {
      ahead = produced;
      for (let i = 0; i < 100; i++) await rpc.client.inference.tokenize({});
    }
    expect(ahead).toBeLessThan(2_000);
    response.destroy();
    expect(await reason.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
  });

  test("carries a prompt that no URL could", async () => {
    let length = 0;
    await using rpc = await startRpc({
      async *chat({ messages }) {
        const part = messages[0]?.content[0]?.part;
        length = part?.case === "text" ? part.value.length : 0;
        yield textEvent("ok");
      },
    });
    await using trpc = await startTrpc(rpc);
    const content = "x".repeat(200_000);
    await collect(await trpc.client.chat.mutate({ messages: [{ role: "user", content }] }));
    expect(length).toBe(200_000);
  });
});

describe("errors", () => {
  test("of the input name the field, and the service is not asked", async () => {
    await using rpc = await startRpc({});
    await using trpc = await startTrpc(rpc);
    const messages = [{ role: "robot", content: "Hello" }] as unknown as (typeof hello)["messages"];
    const error = await rejection(trpc.client.chat.mutate({ messages }));
    expect(error).toMatchObject({
      data: { code: "BAD_REQUEST", reason: "INVALID_PARAMETER", param: "messages[0].role" },
    });
    expect((error as Error).message).toMatch(/^messages\[0\]\.role: /);
    const typo = rejection(trpc.client.chat.mutate({ ...hello, templature: 1 } as typeof hello));
    expect(await typo).toMatchObject({ data: { code: "BAD_REQUEST", reason: "INVALID_PARAMETER" } });
    expect(rpc.bugs).toEqual([]);
  });

  test("that are bugs say internal error, and are whole in the log", async () => {
    await using rpc = await startRpc({});
    const bug = new TypeError("secret.path is not a function");
    const broken = {
      ...rpc,
      client: { ...rpc.client, models: { ...rpc.client.models, listModels: () => Promise.reject(bug) } },
    };
    await using trpc = await startTrpc(broken);
    const error = await rejection(trpc.client.models.list.query());
    expect(error).toMatchObject({ message: "internal error", data: { code: "INTERNAL_SERVER_ERROR" } });
    expect(JSON.stringify(error)).not.toContain("secret");
    expect(trpc.errors).toEqual([bug]);
  });

  test("of a procedure that is not there keep tRPC's message", async () => {
    await using rpc = await startRpc({});
    await using trpc = await startTrpc(rpc);
    const answer = await fetch(`${trpc.url}/models.nothing`);
    expect(answer.status).toBe(404);
    expect(await answer.text()).toContain('No procedure found on path \\"models.nothing\\"');
  });
});

describe("embed", () => {
  test("gives one vector per input", async () => {
    await using rpc = await startRpc({
      async embed({ inputs, pooling, dimensions }) {
        const values = [inputs.length, pooling, dimensions ?? -1, 0.5];
        return { model: "e", promptTokens: 9, embeddings: [{ values }, { values: [1] }] };
      },
    });
    await using trpc = await startTrpc(rpc);
    const answer = await trpc.client.embed.mutate({ inputs: ["a", [1, 2]], pooling: "cls", dimensions: 4 });
    expect(answer).toEqual({ model: "e", promptTokens: 9, embeddings: [[2, 2, 4, 0.5], [1]] });
  });
});

describe("models", () => {
  const tiny = {
    id: "tiny",
    state: ModelState.RESIDENT,
    created: 1_700_000_000n,
    details: { architecture: "llama", sizeBytes: 5_000_000_000n, devices: ["cpu"] },
    stats: { decodeSteps: 12n },
  };

  test("list gives numbers where the proto has 64 bits", async () => {
    await using rpc = await startRpc({}, { models: { listModels: async () => ({ models: [tiny] }) } });
    await using trpc = await startTrpc(rpc);
    const [model] = await trpc.client.models.list.query();
    expect(model).toMatchObject({
      id: "tiny",
      state: "resident",
      created: 1_700_000_000,
      details: { architecture: "llama", sizeBytes: 5_000_000_000, devices: ["cpu"] },
      stats: { decodeSteps: 12 },
    });
    expect(model).not.toHaveProperty("error");
  });

  test("watch tells changes, and stops when it is left", async () => {
    const left = Promise.withResolvers<unknown>();
    await using rpc = await startRpc(
      {},
      {
        models: {
          async *watchModels(_request, { signal }) {
            yield { model: { id: "tiny", state: ModelState.LOADING, loadProgress: 0.5 } };
            yield { model: tiny };
            left.resolve(await aborted(signal));
          },
        },
      },
    );
    await using trpc = await startTrpc(rpc);
    const seen: PlainModel["state"][] = [];
    const resident = Promise.withResolvers<void>();
    const subscription = trpc.client.models.watch.subscribe(undefined, {
      onData: (model) => {
        seen.push(model.state);
        if (model.state === "resident") resident.resolve();
      },
    });
    await resident.promise;
    subscription.unsubscribe();
    expect(seen).toEqual(["loading", "resident"]);
    expect(await left.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
  });

  test("watch ends with an error that frontends come back after, when the server goes", async () => {
    await using rpc = await startRpc(
      {},
      {
        models: {
          async *watchModels() {
            yield { model: tiny };
          },
        },
      },
    );
    await using trpc = await startTrpc(rpc);
    const answer = await fetch(`${trpc.url}/models.watch`, { headers: { accept: "text/event-stream" } });
    const events = await answer.text();
    expect(events).toContain('"state":"resident"');
    expect(events).toContain("event: serialized-error");
    expect(events).toContain("SERVICE_UNAVAILABLE");
  });

  test("load, unload, pull and delete are the service's, with their progress", async () => {
    const asked: unknown[] = [];
    const noting = <T>(request: object, answer: T): T => {
      asked.push(request);
      return answer;
    };
    await using rpc = await startRpc(
      {},
      {
        models: {
          async *loadModel(request) {
            yield noting(request, { model: { id: "tiny", state: ModelState.LOADING, loadProgress: 0.5 } });
            yield { model: { ...tiny, memory: [{ device: "RAM", measuredBytes: 5_000n }] } };
          },
          unloadModel: async (request) => noting(request, {}),
          async *pullModel(request) {
            yield noting(request, { stage: PullModelResponse_Stage.DOWNLOADING, receivedBytes: 1n, totalBytes: 2n });
            yield { stage: PullModelResponse_Stage.DONE, receivedBytes: 2n, totalBytes: 2n, model: tiny };
          },
          deleteModel: async (request) => noting(request, {}),
        },
      },
    );
    await using trpc = await startTrpc(rpc);
    const { models } = trpc.client;
    expect(await collect(await models.load.mutate({ id: "tiny" }))).toMatchObject([
      { state: "loading", loadProgress: 0.5 },
      { state: "resident", memory: [{ device: "RAM", measuredBytes: 5_000 }] },
    ]);
    await models.unload.mutate({ id: "tiny", force: true });
    expect(await collect(await models.pull.mutate({ source: { repository: "a/b" }, file: "*.gguf" }))).toMatchObject([
      { stage: "downloading", receivedBytes: 1, totalBytes: 2 },
      { stage: "done", model: { id: "tiny" } },
    ]);
    await models.delete.mutate({ id: "tiny" });
    expect(asked).toMatchObject([
      { id: "tiny" },
      { id: "tiny", force: true },
      { source: { case: "repository", value: "a/b" }, file: "*.gguf" },
      { id: "tiny" },
    ]);
  });
});
