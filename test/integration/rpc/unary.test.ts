import { getEventListeners } from "node:events";
import { describe, expect, test } from "vitest";
import { ErrorReason, RpcError } from "../../../clients/index.ts";
import { aborted, isInProcess, rejection, startRpc } from "../../support/rpc.ts";

describe("a call with one answer", () => {
  test("takes and gives partial messages", async () => {
    await using rpc = await startRpc({
      tokenize: async ({ text, addSpecial }) => ({ tokens: [text.length, addSpecial ? 1 : 0] }),
    });
    const answer = await rpc.client.inference.tokenize({ text: "hello" });
    expect(answer.tokens).toEqual([5, 0]);
    expect(answer.pieces).toEqual([]);
  });

  test("rejects with the signal's reason while it waits, and aborts the handler", async () => {
    const started = Promise.withResolvers<void>();
    const reason = Promise.withResolvers<unknown>();
    await using rpc = await startRpc({
      async tokenize(_request, { signal }) {
        started.resolve();
        reason.resolve(await aborted(signal));
        throw signal.reason;
      },
    });
    const controller = new AbortController();
    const call = rpc.client.inference.tokenize({}, { signal: controller.signal });
    await started.promise;
    controller.abort(new Error("the caller went home"));
    expect(await rejection(call)).toBe(controller.signal.reason);
    expect(await reason.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
    expect(rpc.bugs).toEqual([]);
  });

  test("is never opened when the signal is already aborted", async () => {
    let calls = 0;
    await using rpc = await startRpc({ tokenize: async () => ({ tokens: [++calls] }) });
    const signal = AbortSignal.abort();
    expect(await rejection(rpc.client.inference.tokenize({}, { signal }))).toBe(signal.reason);
    expect((await rpc.client.inference.tokenize({})).tokens).toEqual([1]);
  });

  test("leaves no listener on a signal that outlives it", async () => {
    await using rpc = await startRpc({ tokenize: async () => ({}) });
    const { signal } = new AbortController();
    await rpc.client.inference.tokenize({}, { signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  test("carries the whole of an RpcError", async () => {
    await using rpc = await startRpc({
      async embed() {
        throw new RpcError(ErrorReason.INVALID_PARAMETER, "dimensions must be at most 384, not 512", {
          param: "dimensions",
          retryAfterMs: 1_500,
        });
      },
    });
    const error = await rejection(rpc.client.inference.embed({}));
    expect(error).toBeInstanceOf(RpcError);
    expect(error).toMatchObject({
      reason: ErrorReason.INVALID_PARAMETER,
      message: "dimensions must be at most 384, not 512",
      param: "dimensions",
      retryAfterMs: 1_500,
    });
  });

  test("keeps every reason on its way", async () => {
    const reasons = Object.values(ErrorReason).filter((reason) => reason !== ErrorReason.UNSPECIFIED);
    await using rpc = await startRpc({
      async tokenize({ text }) {
        throw new RpcError(Number(text) as ErrorReason, "no");
      },
    });
    for (const reason of reasons) {
      expect(await rejection(rpc.client.inference.tokenize({ text: String(reason) }))).toMatchObject({ reason });
    }
  });

  test("survives an error message that no header can carry", async () => {
    await using rpc = await startRpc({
      async tokenize() {
        throw new RpcError(ErrorReason.INVALID_PARAMETER, `cut \ud83d\r\nset-cookie: x ${"é".repeat(2_000)}`, {
          param: "a\udc00",
        });
      },
      detokenize: async () => ({ text: "still here" }),
    });
    const error = (await rejection(rpc.client.inference.tokenize({}))) as RpcError;
    expect(error.message).toMatch(/^cut \ufffd set-cookie: x é+…$/);
    expect(Buffer.byteLength(error.message)).toBeLessThanOrEqual(1024);
    expect(error.param).toBe("a\ufffd");
    expect((await rpc.client.inference.detokenize({})).text).toBe("still here");
  });

  test("a handler that throws before it returns a promise is a bug like any other", async () => {
    await using rpc = await startRpc({});
    expect(await rejection(rpc.client.inference.tokenize({}))).toMatchObject({ message: "internal error" });
    expect(rpc.bugs).toMatchObject([{ error: { message: "the test did not expect this call" } }]);
  });

  test.skipIf(isInProcess)("a request over the limit is refused with REQUEST_TOO_LARGE", async () => {
    await using rpc = await startRpc({ tokenize: async () => ({}) });
    const text = "x".repeat(17 * 1024 * 1024);
    expect(await rejection(rpc.client.inference.tokenize({ text }))).toMatchObject({
      reason: ErrorReason.REQUEST_TOO_LARGE,
    });
  });
});

describe("the call context", () => {
  test("has the caller's metadata, request id, deadline and peer", async () => {
    await using rpc = await startRpc(
      {
        async detokenize(_request, { requestId, deadline, metadata, peer, method }) {
          const inMs = deadline === undefined ? -1 : deadline - Date.now();
          const text = JSON.stringify({ requestId, inMs, key: metadata("authorization"), peer, method });
          return { text };
        },
      },
      { client: { metadata: { authorization: "Bearer default" } } },
    );
    const ask = async (...args: Parameters<typeof rpc.client.inference.detokenize>) =>
      JSON.parse((await rpc.client.inference.detokenize(...args)).text) as Record<string, unknown>;

    const given = await ask({}, { metadata: { "x-request-id": "abc", authorization: "Bearer own" }, timeoutMs: 5_000 });
    expect(given).toMatchObject({
      requestId: "abc",
      key: "Bearer own",
      method: "tokenwire.v1.InferenceService/Detokenize",
    });
    expect(given["inMs"]).toSatisfy((ms: number) => ms > 3_000 && ms <= 5_000);
    expect(given["peer"]).toMatch(/^127\.0\.0\.1:\d+$/);

    const bare = await ask({});
    expect(bare).toMatchObject({ inMs: -1, key: "Bearer default" });
    expect(bare["requestId"]).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("replaces a request id that is unfit for a log", async () => {
    await using rpc = await startRpc({ detokenize: async (_request, { requestId }) => ({ text: requestId }) });
    for (const id of ["two words", "x".repeat(200)]) {
      const { text } = await rpc.client.inference.detokenize({}, { metadata: { "x-request-id": id } });
      expect(text).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});

describe("a call hook", () => {
  test("refuses a call by throwing, before its handler", async () => {
    await using rpc = await startRpc(
      { tokenize: async () => ({}) },
      {
        hooks: [
          ({ metadata }) => {
            if (metadata("authorization")) return undefined;
            throw new RpcError(ErrorReason.UNAUTHENTICATED, "no key");
          },
        ],
      },
    );
    expect(await rejection(rpc.client.inference.tokenize({}))).toMatchObject({ reason: ErrorReason.UNAUTHENTICATED });
    await rpc.client.inference.tokenize({}, { metadata: { authorization: "Bearer x" } });
  });

  test("learns how each call ended, once", async () => {
    const ends: unknown[] = [];
    await using rpc = await startRpc(
      {
        tokenize: async () => ({}),
        async detokenize() {
          throw new RpcError(ErrorReason.RATE_LIMITED, "slow down");
        },
      },
      {
        hooks: [
          ({ method }) =>
            ({ status, error }) => {
              ends.push([method.split("/")[1], status, error?.reason]);
              throw new Error("an observer's own bug changes nothing for the call");
            },
        ],
      },
    );
    await rpc.client.inference.tokenize({});
    await rejection(rpc.client.inference.detokenize({}));
    expect(ends).toEqual([
      ["Tokenize", 0, undefined],
      ["Detokenize", 8, ErrorReason.RATE_LIMITED],
    ]);
    expect(rpc.bugs).toHaveLength(2);
  });
});
