import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { emptyMessage, frame, send, withSession } from "../../support/rpc-raw.ts";
import { startRpc, textEvent } from "../../support/rpc.ts";

describe("a peer that does not keep to the protocol", () => {
  test.each([
    { what: "an unknown method", headers: { ":path": "/tokenwire.v1.InferenceService/Nothing" }, grpc: "12" },
    { what: "another content type", headers: { "content-type": "text/plain" }, http: 415 },
    { what: "a timeout that is none", headers: { "grpc-timeout": "soon" }, grpc: "13" },
    { what: "no message", body: Buffer.alloc(0), grpc: "12" },
    { what: "two messages", body: Buffer.concat([emptyMessage, emptyMessage]), grpc: "12" },
    { what: "a message that is none", body: frame(Buffer.from([0x0a, 0xff])), grpc: "3" },
    {
      what: "compressed garbage",
      headers: { "grpc-encoding": "gzip" },
      body: frame(Buffer.from("x"), { compressed: 1 }),
      grpc: "13",
    },
    {
      what: "an unknown compression",
      headers: { "grpc-encoding": "br" },
      body: frame(Buffer.from("x"), { compressed: 1 }),
      grpc: "12",
    },
    { what: "a length over the limit", body: frame(Buffer.from("x"), { length: 0xffff_ffff }), grpc: "8" },
    { what: "half a details trailer for metadata", headers: { "x-bin": "%%%" }, grpc: "0" },
  ])("that sends $what is told so", async ({ headers = {}, body = emptyMessage, grpc, http = 200 }) => {
    await using rpc = await startRpc({ tokenize: async () => ({}) });
    await withSession(rpc.address, async (session) => {
      const answer = await send(session, headers, body);
      expect(answer).toMatchObject({ httpStatus: http, grpcStatus: grpc });
    });
    expect((await rpc.client.inference.tokenize({})).tokens).toEqual([]);
    expect(rpc.bugs).toEqual([]);
  });

  test("and cuts its connection in the middle of a stream costs nobody anything", async () => {
    const left = Promise.withResolvers<void>();
    await using rpc = await startRpc({
      async *chat() {
        try {
          for (;;) {
            yield textEvent("more");
            await new Promise(setImmediate);
          }
        } finally {
          left.resolve();
        }
      },
      tokenize: async () => ({}),
    });
    await withSession(rpc.address, async (session) => {
      const stream = session.request({
        ":method": "POST",
        ":path": "/tokenwire.v1.InferenceService/Chat",
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.on("error", () => {});
      stream.end(emptyMessage);
      await once(stream, "data");
      session.socket.destroy();
    });
    await left.promise;
    await rpc.client.inference.tokenize({});
    expect(rpc.bugs).toEqual([]);
  });

  test("and never gives the server room to send is reset after the stall timeout", async () => {
    await using rpc = await startRpc(
      {
        async *chat() {
          for (;;) yield textEvent("x".repeat(1_000));
        },
      },
      { stallTimeoutMs: 30 },
    );
    await withSession(
      rpc.address,
      async (session) => {
        const answer = await send(session, { ":path": "/tokenwire.v1.InferenceService/Chat" });
        // ENHANCE_YOUR_CALM, which gRPC reads as RESOURCE_EXHAUSTED.
        expect(answer.resetCode).toBe(11);
      },
      { initialWindowSize: 0 },
    );
  });
});
