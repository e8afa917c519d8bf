import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTokenwireClient, ErrorReason, type TokenwireClient } from "../../clients/index.ts";
import { testCert, testKey } from "../support/rpc-tls.ts";
import { startTokenwire } from "../support/tokenwire.ts";
import { rejection } from "../support/rpc.ts";
import { tinyGuidePath } from "../support/tiny-guide.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tw-"));
  await writeFile(join(folder, "cert.pem"), testCert);
  await writeFile(join(folder, "key.pem"), testKey);
});
afterEach(async () => rm(folder, { recursive: true }));

const trusting = { rootCerts: testCert, serverName: "tokenwire.test" };
const tokensOf = async (client: TokenwireClient) => (await client.inference.tokenize({ text: "Hello!" })).tokens.length;

/** The status of a tokenize request over REST. */
function post(url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const options = { method: "POST", headers, ca: testCert, servername: "tokenwire.test" };
  const call = request(`${url}/extras/tokenize`, options, (answer) => {
    answer.resume();
    resolve(answer.statusCode ?? 0);
  });
  call.once("error", reject);
  call.end('{"input": "Hello!"}');
  return promise;
}

/** Starts one of the separate form's programs and resolves to its address once it has logged `pattern`. */
async function startProgram(entry: string, args: readonly string[], pattern: RegExp) {
  const program = fileURLToPath(new URL(`../../${entry}`, import.meta.url));
  const child = spawn(process.execPath, [program, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const found = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const [, address] = pattern.exec(output) ?? [];
      if (address !== undefined) found.resolve(address);
    });
  }
  child.once("exit", (code) => found.reject(new Error(`${entry} ended with ${code}: ${output}`)));
  return {
    address: await found.promise,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
    },
  };
}

describe("keys and a certificate hold for REST and gRPC", () => {
  const access = () => ({
    api_key: ["one", "two"],
    ssl_certfile: join(folder, "cert.pem"),
    ssl_keyfile: "key.pem",
  });

  test("all in one", async () => {
    const config = join(folder, "config.json");
    await writeFile(config, JSON.stringify({ ...access(), models: [{ model: tinyGuidePath, model_alias: "guide" }] }));
    await using tokenwire = await startTokenwire({ args: ["--config_file", config] });
    const { url } = tokenwire;
    expect(url).toMatch(/^https:/);
    expect(await post(url, {})).toBe(401);
    expect(await post(url, { authorization: "Bearer three" })).toBe(401);
    expect(await post(url, { authorization: "Bearer one" })).toBe(200);
    expect(await post(url, { "x-api-key": "two" })).toBe(200);

    const { stdout } = tokenwire.output();
    expect(stdout).toContain("with reflection, TLS)");
    expect(stdout).toContain('-H "authorization: Bearer $API_KEY"');
    const address = /gRPC\s+(\S+)/.exec(stdout)?.[1] ?? "";
    const client = (metadata: Readonly<Record<string, string>>) =>
      createTokenwireClient(address, { tls: trusting, metadata });
    expect(await tokensOf(client({ authorization: "Bearer two" }))).toBeGreaterThan(0);
    for (const metadata of [{}, { "x-api-key": "three" }] as Readonly<Record<string, string>>[]) {
      expect(await rejection(tokensOf(client(metadata)))).toMatchObject({ reason: ErrorReason.UNAUTHENTICATED });
    }
    // It speaks TLS alone.
    expect(await rejection(tokensOf(tokenwire.client))).toMatchObject({ reason: ErrorReason.WORKER_LOST });
  });

  test("as two processes, which can share one config file", async () => {
    const config = join(folder, "config.json");
    const rest = { port: 1, cors_origins: ["*"], root_path: "/llm", disable_ping_events: true };
    const models = [{ model: tinyGuidePath, model_alias: "guide" }];
    await writeFile(config, JSON.stringify({ ...access(), ...rest, grpc_port: 0, models }));
    await using services = await startProgram("services/main.ts", ["--config_file", config], /gRPC at (\S+) with TLS/);
    const client = createTokenwireClient(services.address, { tls: trusting, metadata: { "x-api-key": "two" } });
    expect(await tokensOf(client)).toBeGreaterThan(0);

    const cert = join(folder, "cert.pem");
    const flags = {
      port: "0",
      ssl_certfile: cert,
      ssl_keyfile: join(folder, "key.pem"),
      grpc_address: services.address,
      grpc_ca_certfile: cert,
      grpc_server_name: "tokenwire.test",
    };
    const args = ["--api_key", "one", "two", ...Object.entries(flags).map(([name, value]) => `--${name}=${value}`)];
    await using shim = await startProgram("shim/main.ts", args, /REST at (\S+)\/v1/);
    expect(await post(shim.address, { authorization: "Bearer two" })).toBe(200);
    expect(await post(shim.address, {})).toBe(401);
  });
});

test("a key that is not the certificate's stops the start with a sentence", async () => {
  await writeFile(join(folder, "key.pem"), "no key");
  const args = ["--ssl_certfile", join(folder, "cert.pem"), "--ssl_keyfile", join(folder, "key.pem")];
  await expect(startTokenwire({ args })).rejects.toThrow(
    /ssl_certfile \S+ and ssl_keyfile \S+ cannot be used together/,
  );
  await expect(startTokenwire({ args: args.slice(0, 2) })).rejects.toThrow(/ssl_keyfile is missing/);
});
