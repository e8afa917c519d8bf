import { describe, expect, test } from "vitest";
import { createClient, createTokenwireClient, ErrorReason, openChannel } from "../../../clients/index.ts";
import { Health, HealthCheckResponse_ServingStatus as Status } from "../../../proto/gen/grpc/health/v1/health_pb.ts";
import { GrpcStatus } from "../../../clients/grpc-status.ts";
import { rejection } from "../../support/rpc.ts";
import { send, withSession } from "../../support/rpc-raw.ts";
import { testCert, testKey } from "../../support/rpc-tls.ts";
import { chat, startTestServices, textOf } from "./support.ts";

const apiKeys = ["sesame", "open"];
const text = { text: "x" };

describe("with API keys gRPC", () => {
  test.each([{ authorization: "Bearer sesame" }, { authorization: "bearer open" }, { "x-api-key": "open" }])(
    "answers who sends one: %j",
    async (metadata) => {
      await using ctx = await startTestServices({ apiKeys, client: { metadata } });
      expect(textOf(await Array.fromAsync(ctx.client.inference.chat(chat("count:2"))))).toBe("w1 w2 ");
      expect((await ctx.client.models.listModels({})).models).toHaveLength(1);
    },
  );

  test.each([
    [{}, /^no API key was given/],
    [{ authorization: "Bearer None" }, /not one of this server's/],
    [{ authorization: "Bearer sesam" }, /not one of this server's/],
    [{ "x-api-key": "SESAME" }, /not one of this server's/],
  ])("refuses every call of who sends %j", async (metadata, message) => {
    await using ctx = await startTestServices({ apiKeys, client: { metadata } });
    const { inference, models } = ctx.client;
    const calls = [
      () => Array.fromAsync(inference.chat(chat(""))),
      () => inference.tokenize(text),
      () => models.listModels({}),
      () => Array.fromAsync(models.watchModels({})),
    ];
    for (const call of calls) {
      expect(await rejection(call())).toMatchObject({
        reason: ErrorReason.UNAUTHENTICATED,
        message: expect.stringMatching(message),
      });
    }
  });

  test("leaves the health check open to probes, and reflection to those with a key", async () => {
    await using ctx = await startTestServices({ apiKeys });
    const channel = openChannel(ctx.services.address);
    expect(await createClient(Health, channel).check({})).toMatchObject({ status: Status.SERVING });
    channel.close();
    const reflection = { ":path": "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo" };
    await withSession(ctx.services.address, async (session) => {
      expect(await send(session, reflection)).toMatchObject({ grpcStatus: String(GrpcStatus.UNAUTHENTICATED) });
      const known = await send(session, { ...reflection, "x-api-key": "open" });
      expect(known).toMatchObject({ grpcStatus: String(GrpcStatus.OK) });
    });
  });

  test("needs none within this process", async () => {
    await using ctx = await startTestServices({ apiKeys });
    const { client } = ctx.services;
    expect((await client.inference.tokenize(text)).tokens).toEqual([120]);
  });
});

describe("with a certificate gRPC", () => {
  const tls = { cert: testCert, key: testKey };
  const trusting = { tls: { rootCerts: testCert, serverName: "tokenwire.test" } };

  test("is served over TLS, with keys as without", async () => {
    await using ctx = await startTestServices({ tls, client: trusting });
    expect(textOf(await Array.fromAsync(ctx.client.inference.chat(chat("count:2"))))).toBe("w1 w2 ");
    const client = { ...trusting, metadata: { authorization: "Bearer sesame" } };
    await using guarded = await startTestServices({ tls, apiKeys, client });
    expect((await guarded.client.inference.tokenize(text)).tokens).toEqual([120]);
  });

  test("does not answer who does not encrypt, or does not trust it", async () => {
    await using ctx = await startTestServices({ tls });
    expect(await rejection(ctx.client.inference.tokenize(text))).toMatchObject({ reason: ErrorReason.WORKER_LOST });
    const stranger = createTokenwireClient(ctx.services.address, { tls: {} });
    expect(await rejection(stranger.inference.tokenize(text))).toMatchObject({ reason: ErrorReason.WORKER_LOST });
    stranger.close();
  });

  test("needs none within this process", async () => {
    await using ctx = await startTestServices({ tls, apiKeys });
    const { client } = ctx.services;
    expect((await client.inference.tokenize(text)).tokens).toEqual([120]);
  });
});
