import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import type { HubConfig } from "../../services/hub/config.ts";
import { download } from "../../services/engine/llama/hub/download.ts";
import { findModel, type FoundModel } from "../../services/engine/llama/hub/find-model.ts";
import { type FakeFile, type FakeHub, fakeCommit, startFakeHub } from "../support/fake-hub.ts";

const mebibyte = 1024 * 1024;
/** Random enough that parts in the wrong place are noticed. */
function content(bytes: number, seed: number): Buffer {
  const words = new Uint32Array(bytes / 4);
  let state = seed;
  for (let at = 0; at < words.length; at++) words[at] = state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Buffer.from(words.buffer);
}

const big = content(24 * mebibyte, 1);
const repos: Record<string, Record<string, FakeFile>> = {
  "me/tiny": {
    "README.md": { content: Buffer.from("# tiny") },
    "tiny-q4_0.gguf": { content: content(mebibyte, 2) },
    "tiny-q8_0.gguf": { content: content(mebibyte, 3) },
    "deep/er/odd name [1].gguf": { content: content(mebibyte, 4) },
  },
  "me/big": { "big.gguf": { content: big } },
  "me/split": {
    "part-00001-of-00003.gguf": { content: content(mebibyte, 5) },
    "part-00002-of-00003.gguf": { content: content(2 * mebibyte, 6) },
    "part-00003-of-00003.gguf": { content: content(mebibyte, 7) },
  },
  "me/damaged": { "a.gguf": { content: content(mebibyte, 8), sha256: "0".repeat(64) } },
  "me/huge": { "a.gguf": { content: content(mebibyte, 9), sizeBytes: 1e13 } },
  "me/text": { "model.safetensors": { content: Buffer.from("x") } },
  "me/hole": { "h-00001-of-00002.gguf": { content: content(mebibyte, 9) } },
};

let hub: FakeHub;
let cacheDir: string;
beforeEach(async () => {
  hub = await startFakeHub(repos);
  cacheDir = mkdtempSync(join(tmpdir(), "tw-hub-"));
});
afterEach(async () => {
  await hub[Symbol.asyncDispose]();
  rmSync(cacheDir, { recursive: true });
});

const config = (more: Partial<HubConfig> = {}): HubConfig => ({
  endpoint: hub.url,
  token: undefined,
  cacheDir,
  offline: false,
  ...more,
});

async function find(
  repo: string,
  pattern: string,
  more: Partial<HubConfig> = {},
): Promise<FoundModel & { progress: number[] }> {
  const progress: number[] = [];
  const options = { onProgress: (value: number) => progress.push(value), log: () => {} };
  return { ...(await findModel(config(more), { repo, pattern }, options)), progress };
}

async function refusal(repo: string, pattern: string, more: Partial<HubConfig> = {}): Promise<string> {
  const error: unknown = await find(repo, pattern, more).catch((caught: unknown) => caught);
  if (!(error instanceof RpcError)) throw new Error("it was not refused in a sentence", { cause: error });
  expect(error.reason).toBe(ErrorReason.MODEL_LOAD_FAILED);
  return error.message.replaceAll(hub.url, "HUB").replaceAll(cacheDir, "CACHE");
}

describe("a model on the hub", () => {
  test.each([
    ["by name", "me/tiny", "tiny-q4_0.gguf", "tiny-q4_0.gguf"],
    ["by pattern", "me/tiny", "*q8_0*", "tiny-q8_0.gguf"],
    ["in a folder, by a pattern that goes over slashes", "me/tiny", "*odd*", "deep/er/odd name [1].gguf"],
    ["by a name that would be a pattern", "me/tiny", "deep/er/odd name [1].gguf", "deep/er/odd name [1].gguf"],
  ])("is downloaded %s, and then no more", async (_, repo, pattern, path) => {
    const found = await find(repo, pattern);
    expect(found).toMatchObject({
      downloaded: true,
      path: join(cacheDir, "models--me--tiny/snapshots", fakeCommit, path),
    });
    expect(readFileSync(found.path).equals(repos[repo]?.[path]?.content ?? Buffer.alloc(0))).toBe(true);
    expect(readFileSync(join(cacheDir, "models--me--tiny/refs/main"), "utf8")).toBe(fakeCommit);
    await hub.close();
    expect(await find(repo, pattern)).toMatchObject({ downloaded: false, path: found.path });
  });

  test("tells how far it is", async () => {
    const { progress } = await find("me/big", "big.gguf");
    expect(progress.length).toBeGreaterThan(2);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(progress.at(-1)).toBe(1);
  });

  test.each([true, false])(
    "in parts is downloaded whole, and found when all is there (a mirror: %j)",
    async (mirror) => {
      hub.isMirror = mirror;
      const { path } = await find("me/split", "*.gguf");
      const parts = Object.entries(repos["me/split"] ?? {});
      for (const [name, { content }] of parts)
        expect(readFileSync(path.replace("part-00001-of-00003.gguf", name)).equals(content)).toBe(true);
      rmSync(path.replace("00001-of", "00002-of"));
      await hub.close();
      expect(await refusal("me/split", "*.gguf")).toMatch(/^HUB cannot be reached/);
    },
  );

  test("goes on where it stopped", async () => {
    hub.stallAfter = 6 * mebibyte;
    const place = join(cacheDir, "models--me--big/incomplete", fakeCommit, "big.gguf");
    const files = [{ path: "big.gguf", sizeBytes: big.length, sha256: undefined, place }];
    const job = { repo: "me/big", commit: fakeCommit, files, onProgress: () => {}, silenceMs: 700 };
    await expect(download(config(), job)).rejects.toThrow(
      "nothing of big.gguf of me/big has come for 0.7 s: start again to go on where it stopped",
    );
    hub.stallAfter = Infinity;
    hub.transfers.length = 0;
    const { path } = await find("me/big", "big.gguf");
    expect(readFileSync(path).equals(big)).toBe(true);
    // Whole chunks are kept, and one request asks for the size alone.
    const again = hub.transfers.filter(({ range }) => range !== undefined);
    expect(again.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(big.length);
  });

  test("that not everybody may read is read with a token, which the files' host does not get", async () => {
    hub.token = "secret";
    expect(await refusal("me/tiny", "*q4_0*")).toMatch(
      /^me\/tiny is not at HUB, or is not public: check the name, or set HF_TOKEN/,
    );
    const { path } = await find("me/tiny", "*q4_0*", { token: "secret" });
    expect(existsSync(path)).toBe(true);
    expect(hub.transfers.map(({ authorization }) => authorization)).not.toContain("Bearer secret");
  });

  test("is read with a token from a mirror that has the files itself", async () => {
    hub.token = "secret";
    hub.isMirror = true;
    expect(existsSync((await find("me/tiny", "*q4_0*", { token: "secret" })).path)).toBe(true);
  });
});

describe("what is wrong is told", () => {
  test.each([
    [
      "no match",
      "me/tiny",
      "*q5*",
      'model "*q5*" matches no GGUF file (there is tiny-q4_0.gguf, tiny-q8_0.gguf, deep/er/odd name [1].gguf) in HUB/me/tiny',
    ],
    [
      "several matches",
      "me/tiny",
      "tiny*",
      'model "tiny*" matches 2 models: choose one of tiny-q4_0.gguf, tiny-q8_0.gguf in HUB/me/tiny',
    ],
    [
      "no GGUF at all",
      "me/text",
      "*",
      'model "*" matches no GGUF file (there is none, but model.safetensors) in HUB/me/text',
    ],
    ["a part missing", "me/hole", "*", 'model "*" is split in 2 files, of which 1 are there in HUB/me/hole'],
    [
      "a wrong repository",
      "me/tinny",
      "*",
      "me/tinny is not at HUB, or is not public: check the name, or set HF_TOKEN (me has me/tiny, me/big, me/split, me/damaged, me/huge, me/text, me/hole)",
    ],
    ["another owner", "you/tiny", "*", "you/tiny is not at HUB, or is not public: check the name, or set HF_TOKEN"],
    [
      "damage",
      "me/damaged",
      "*",
      "a.gguf was damaged in transit, its SHA-256 is not what the hub says: start again to download it once more",
    ],
  ])("%s", async (_, repo, pattern, message) => {
    expect(await refusal(repo, pattern)).toBe(message);
  });

  test("a damaged file is not kept", async () => {
    await refusal("me/damaged", "*");
    expect(readdirSync(cacheDir, { recursive: true }).filter((name) => String(name).includes("a.gguf"))).toEqual([]);
  });

  test("too little room", async () => {
    expect(await refusal("me/huge", "*")).toMatch(/^10\.0 TB are to be downloaded, and CACHE.* has room for \d/);
  });

  test("a disk that is full before all is there", async ({ skip }) => {
    const run = (...command: string[]) => promisify(execFile)("unshare", ["--map-root-user", "--mount", ...command]);
    // A disk of its own, that nobody else sees.
    const small = ["sh", "-c", 'mount -t tmpfs -o size=4m tmpfs "$0" && exec "$@"', cacheDir];
    const canMount = await run(...small, "true").then(
      () => true,
      () => false,
    );
    skip(!canMount, "this machine lets nobody mount");
    const probe = fileURLToPath(new URL("../support/download-probe/main.ts", import.meta.url));
    repos["me/liar"] = { "a.gguf": { content: big, saysBytes: 1000 } };
    const { stdout } = await run(...small, process.execPath, probe, hub.url, "me/liar", "*", cacheDir);
    expect(stdout).toMatch(/^the download of a\.gguf from .* failed: ENOSPC: no space left on device, write$/m);
  });

  test("no network", async () => {
    await hub.close();
    expect(await refusal("me/tiny", "*q4_0*")).toMatch(
      /^HUB cannot be reached \(connect ECONNREFUSED .*\): connect this machine, set HF_ENDPOINT to a mirror, or copy the files here and give their paths instead$/,
    );
    expect(await refusal("me/tiny", "*", { endpoint: "http://no.such.host.invalid" })).toMatch(
      /cannot be reached \(getaddrinfo/,
    );
  });

  test("offline by choice", async () => {
    expect(await refusal("me/tiny", "*", { offline: true })).toBe(
      "HF_HUB_OFFLINE is set, and CACHE/models--me--tiny has no model that is called *",
    );
    expect(hub.requests).toEqual([]);
  });

  test("something else answers", async () => {
    const other = createServer((_, response) => response.end("<html>")).listen(0, "127.0.0.1");
    await once(other, "listening");
    const endpoint = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    expect(await refusal("me/tiny", "*", { endpoint })).toBe(
      `${endpoint} does not answer as Hugging Face does: check HF_ENDPOINT`,
    );
    other.close();
  });
});
