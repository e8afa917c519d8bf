import { describe, expect, test } from "vitest";
import { ErrorReason, ModelState, RpcError } from "../../../clients/index.ts";
import { PullModelResponse_Stage as Stage } from "../../../proto/gen/tokenwire/v1/models_pb.ts";
import { readEvents, testShim } from "./support.ts";

const success = { success: true };
const notFound = new RpcError(ErrorReason.MODEL_NOT_FOUND, 'there is no model "x"', { param: "id" });

async function bodyOf(response: Response): Promise<unknown> {
  return { status: response.status, ...((await response.json()) as object) };
}

describe.each(["/models", "/v1/models"])("POST %s/load and /unload", (prefix) => {
  test("answer when the service has done it", async () => {
    const asked: unknown[] = [];
    await using shim = await testShim({
      async *loadModel({ id }) {
        asked.push(["load", id]);
        yield { model: { id, state: ModelState.LOADING } };
        asked.push("resident");
        yield { model: { id, state: ModelState.RESIDENT } };
      },
      unloadModel({ id, force }) {
        asked.push(["unload", id, force]);
        return { model: { id } };
      },
    });
    expect(await bodyOf(await shim.post(`${prefix}/load`, { model: "a" }))).toEqual({ status: 200, ...success });
    await shim.post(`${prefix}/unload`, { model: "a" });
    await shim.post(`${prefix}/unload`, { model: "a", force: true });
    expect(asked).toEqual([["load", "a"], "resident", ["unload", "a", false], ["unload", "a", true]]);
  });

  test.each(["load", "unload"])("name what refuses %s as the request has it", async (what) => {
    const refuse = (): never => {
      throw notFound;
    };
    await using shim = await testShim({ loadModel: refuse, unloadModel: refuse });
    expect(await bodyOf(await shim.post(`${prefix}/${what}`, { model: "x" }))).toMatchObject({
      status: 404,
      error: { message: 'there is no model "x"', param: "model" },
    });
    const faulty = [{}, { model: "" }, { model: 7 }];
    for (const body of faulty)
      expect(await bodyOf(await shim.post(`${prefix}/${what}`, body))).toMatchObject({
        status: 400,
        error: { param: "model" },
      });
  });
});

test("a load whose caller leaves is given up", async () => {
  const begun = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  await using shim = await testShim({
    async *loadModel({ id }, { signal }) {
      signal?.addEventListener("abort", () => left.resolve(), { once: true });
      begun.resolve();
      yield { model: { id, state: ModelState.LOADING } };
      await new Promise(() => {});
    },
  });
  const leave = new AbortController();
  const load = shim.post("/models/load", { model: "a" }, { signal: leave.signal });
  await begun.promise;
  leave.abort();
  await expect(load).rejects.toThrow();
  await left.promise;
});

describe("POST /models", () => {
  test.each([
    ["owner/name", { source: { case: "repository", value: "owner/name" }, file: "" }],
    ["owner/name:Q4_K_M", { source: { case: "repository", value: "owner/name" }, file: "*Q4_K_M*.gguf" }],
    ["https://host/x.gguf", { source: { case: "url", value: "https://host/x.gguf" }, file: "" }],
  ])("downloads %s in the background, once at a time, until an unload of that name", async (model, expected) => {
    const asked: unknown[] = [];
    const cancelled = Promise.withResolvers<void>();
    await using shim = await testShim({
      async *pullModel(request, { signal }) {
        asked.push(request);
        signal?.addEventListener("abort", () => cancelled.resolve(), { once: true });
        yield { stage: Stage.DOWNLOADING, receivedBytes: 1n, totalBytes: 4n };
        await new Promise(() => {});
      },
    });
    expect(await bodyOf(await shim.post("/models", { model, sha256: "ab" }))).toEqual({ status: 200, ...success });
    await shim.post("/models", { model });
    expect(asked).toMatchObject([{ ...expected, sha256: "ab" }]);
    // The fake service has no UnloadModel: it is not asked.
    expect(await bodyOf(await shim.post("/models/unload", { model }))).toEqual({ status: 200, ...success });
    await cancelled.promise;
  });

  test.each([
    ["sha256", "sha256"],
    ["repository", "model"],
  ])("is refused as the service refuses %s", async (param, there) => {
    await using shim = await testShim({
      pullModel() {
        throw new RpcError(ErrorReason.INVALID_PARAMETER, "it is wrong", { param });
      },
    });
    expect(await bodyOf(await shim.post("/models", { model: "x/y" }))).toMatchObject({
      status: 400,
      error: { message: "it is wrong", param: there },
    });
  });
});

test("GET /models/sse tells each change of a model, and how far downloads are, once", async () => {
  const watched = Promise.withResolvers<void>();
  const told = Promise.withResolvers<void>();
  await using shim = await testShim({
    async *pullModel() {
      yield { stage: Stage.DOWNLOADING, receivedBytes: 0n, totalBytes: 4n };
      await watched.promise;
      yield { stage: Stage.DOWNLOADING, receivedBytes: 1n, totalBytes: 4n };
      yield { stage: Stage.DONE, receivedBytes: 4n, totalBytes: 4n, model: { id: "x" } };
      told.resolve();
    },
    async *watchModels() {
      yield { model: { id: "a", state: ModelState.RESIDENT } };
      // Counters are no news.
      yield { model: { id: "a", state: ModelState.RESIDENT, stats: { decodeSteps: 7n } } };
      yield { model: { id: "b", state: ModelState.LOADING, loadProgress: 0.256 } };
      yield { model: { id: "b", state: ModelState.FAILED, error: "no" } };
      yield { model: { id: "b", state: ModelState.REMOVED } };
      watched.resolve();
      await told.promise;
    },
  });
  await shim.post("/models", { model: "o/x" });
  const response = await fetch(`${shim.url}/models/sse`);
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const progress = { stages: ["text_model"], current: "text_model", value: 0.26 };
  expect(await readEvents(response)).toEqual([
    { model: "a", event: "model_status", data: { status: "loaded" } },
    { model: "b", event: "model_status", data: { status: "loading", progress } },
    { model: "b", event: "model_status", data: { status: "failed", error: "no" } },
    { model: "b", event: "model_remove" },
    { model: "o/x", event: "download_progress", data: { "o/x": { done: 1, total: 4 } } },
    { model: "o/x", event: "download_finished", data: { id: "x" } },
  ]);
});

test("GET /models/sse tells why a download has failed, and ends when the server does", async () => {
  const watched = Promise.withResolvers<void>();
  await using shim = await testShim({
    async *pullModel() {
      yield { stage: Stage.DOWNLOADING, receivedBytes: 0n, totalBytes: 4n };
      await watched.promise;
      throw new RpcError(ErrorReason.MODEL_LOAD_FAILED, "the sum is wrong");
    },
    async *watchModels() {
      watched.resolve();
      await new Promise(() => {});
      yield {};
    },
  });
  await shim.post("/models", { model: "o/x" });
  const response = await fetch(`${shim.url}/models/sse`);
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  expect(JSON.parse(value.replace("data: ", ""))).toEqual({
    model: "o/x",
    event: "download_failed",
    data: { error: "the sum is wrong" },
  });
  void shim.close(0);
  expect((await reader.read()).value).toContain('"code":"shutting_down"');
  expect((await reader.read()).done).toBe(true);
});

test("DELETE /models?model= deletes what was downloaded", async () => {
  const deleted: string[] = [];
  await using shim = await testShim({
    deleteModel({ id }) {
      if (id === "x") throw notFound;
      deleted.push(id);
      return {};
    },
  });
  const remove = async (query: string) => bodyOf(await fetch(`${shim.url}/models${query}`, { method: "DELETE" }));
  expect(await remove("?model=a%2Fb")).toEqual({ status: 200, ...success });
  expect(deleted).toEqual(["a/b"]);
  expect(await remove("?model=x")).toMatchObject({ status: 404, error: { param: "model" } });
  expect(await remove("")).toMatchObject({ status: 400, error: { param: "model" } });
});
