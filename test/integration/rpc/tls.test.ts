import { describe, expect, test } from "vitest";
import { ErrorReason } from "../../../clients/index.ts";
import { rejection, startRpc } from "../../support/rpc.ts";
import { testCert, testKey } from "../../support/rpc-tls.ts";

const tls = { cert: testCert, key: testKey };
const tokenize = async () => ({ tokens: [1] });

describe("TLS", () => {
  test("serves clients that trust the server's certificate", async () => {
    const client = { tls: { rootCerts: testCert, serverName: "tokenwire.test" } };
    await using rpc = await startRpc({ tokenize }, { tls, client });
    expect((await rpc.client.inference.tokenize({})).tokens).toEqual([1]);
  });

  test("fails for clients that do not", async () => {
    await using rpc = await startRpc({ tokenize }, { tls, client: { tls: { serverName: "tokenwire.test" } } });
    expect(await rejection(rpc.client.inference.tokenize({}))).toMatchObject({ reason: ErrorReason.WORKER_LOST });
  });
});
