import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { ErrorReason } from "../../../clients/index.ts";
import type { CallContext } from "../../../services/rpc/call/call-context.ts";
import { send, withSession } from "../../support/rpc-raw.ts";
import { aborted, collect, rejection, startRpc, textEvent } from "../../support/rpc.ts";

const chat = { ":path": "/tokenwire.v1.InferenceService/Chat" };

describe("a deadline", () => {
  test("ends a waiting call for its caller, whatever the server does", async () => {
    const gate = Promise.withResolvers<object>();
    await using rpc = await startRpc({ tokenize: () => gate.promise });
    expect(await rejection(rpc.client.inference.tokenize({}, { timeoutMs: 50 }))).toMatchObject({
      reason: ErrorReason.DEADLINE,
      message: "no answer within 50 ms",
    });
    gate.resolve({});
  });

  test("ends a waiting call on the server, whatever its caller does", async () => {
    const reason = Promise.withResolvers<unknown>();
    await using rpc = await startRpc({
      async tokenize(_request, { signal }) {
        reason.resolve(await aborted(signal));
        throw signal.reason;
      },
    });
    await withSession(rpc.address, async (session) => {
      expect(await send(session, { "grpc-timeout": "20m" })).toMatchObject({ httpStatus: 200, grpcStatus: "4" });
    });
    expect(await reason.promise).toMatchObject({ reason: ErrorReason.DEADLINE });
    expect(rpc.bugs).toEqual([]);
  });

  test("ends a stream that keeps sending", async () => {
    const left = Promise.withResolvers<unknown>();
    await using rpc = await startRpc({
      async *chat(_request, { signal }) {
        try {
          for (;;) {
            yield textEvent("more");
            await new Promise(setImmediate);
          }
        } finally {
          left.resolve(signal.reason);
        }
      },
    });
    await withSession(rpc.address, async (session) => {
      expect(await send(session, { ...chat, "grpc-timeout": "50m" })).toMatchObject({ grpcStatus: "4" });
    });
    expect(await left.promise).toMatchObject({ reason: ErrorReason.DEADLINE });
  });

  test("reaches a handler whose reader does not read", async () => {
    const reason = Promise.withResolvers<unknown>();
    await using rpc = await startRpc({
      async *chat(_request, { signal }) {
        signal.addEventListener("abort", () => reason.resolve(signal.reason));
        for (;;) yield textEvent("more");
      },
    });
    await withSession(
      rpc.address,
      async (session) => {
        void send(session, { ...chat, "grpc-timeout": "50m" });
        expect(await reason.promise).toMatchObject({ reason: ErrorReason.DEADLINE });
      },
      { initialWindowSize: 0 },
    );
  });

  test("that has passed gives no answer", async () => {
    await using rpc = await startRpc({ tokenize: async () => ({}) });
    expect(await rejection(rpc.client.inference.tokenize({}, { timeoutMs: 0 }))).toMatchObject({
      reason: ErrorReason.DEADLINE,
    });
  });

  test.each([1e9, 1e12, Number.MAX_SAFE_INTEGER, Infinity])("of %d ms is as good as none", async (timeoutMs) => {
    await using rpc = await startRpc({ tokenize: async () => ({ tokens: [1] }) });
    expect((await rpc.client.inference.tokenize({}, { timeoutMs })).tokens).toEqual([1]);
  });

  test("beyond the library's 32 bits, from a client that does not cap it, is as good as none", async () => {
    const contexts: CallContext[] = [];
    await using rpc = await startRpc({
      async tokenize(_request, context) {
        contexts.push(context);
        // The overflown timer of the library would fire after 1 ms.
        await new Promise((resolve) => setTimeout(resolve, 20));
        return {};
      },
    });
    const raw = new Client(rpc.address, credentials.createInsecure());
    const asIs = (bytes: Buffer) => bytes;
    const days = 24 * 3600 * 1000;
    const answer = await new Promise<Buffer | undefined>((resolve, reject) => {
      const done = (error: ServiceError | null, bytes?: Buffer) => (error ? reject(error) : resolve(bytes));
      const deadline = Date.now() + 30 * days;
      raw.makeUnaryRequest("/tokenwire.v1.InferenceService/Tokenize", asIs, asIs, Buffer.alloc(0), { deadline }, done);
    });
    raw.close();
    expect(answer).toHaveLength(0);
    expect(contexts[0]?.deadline).toBeUndefined();
  });
});

test("bytes that are no request are refused as INVALID_PARAMETER, for streams too", async () => {
  await using rpc = await startRpc({
    async *chat() {
      yield textEvent("never");
    },
  });
  const raw = new Client(rpc.address, credentials.createInsecure());
  const asIs = (bytes: Buffer) => bytes;
  const call = raw.makeServerStreamRequest(
    "/tokenwire.v1.InferenceService/Chat",
    asIs,
    asIs,
    Buffer.from([0xff, 0xff, 0xff]),
  );
  const error = (await rejection(collect(call))) as ServiceError;
  raw.close();
  expect(error).toMatchObject({ code: 3, details: "the request is not a valid tokenwire.v1.ChatRequest" });
  expect(error.metadata.get("x-request-id")).toHaveLength(1);
});
