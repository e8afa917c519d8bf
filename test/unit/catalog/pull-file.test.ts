import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  statSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { waitUntil } from "../../support/wait-until.ts";
import { pullFile } from "../../../services/catalog/pull-file.ts";

const content = Buffer.concat([Buffer.from("GGUF"), Buffer.alloc(300_000, "x")]);
const sha256 = createHash("sha256").update(content).digest("hex");
const never = new AbortController().signal;

/** A server on this machine and a folder; `answer` serves the file. */
async function start(answer: (request: IncomingMessage, response: ServerResponse, count: number) => void) {
  const folder = mkdtempSync(join(tmpdir(), "tw-pull-"));
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => answer(request, response, requests.push(request)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.gguf`,
    place: join(folder, "sub", "model.gguf"),
    ranges: () => requests.map(({ headers }) => headers.range),
    [Symbol.dispose]() {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

function serve(request: IncomingMessage, response: ServerResponse, etag = '"1"'): number {
  const goesOn = request.headers["if-range"] === etag;
  const from = goesOn ? Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0) : 0;
  response.writeHead(from > 0 ? 206 : 200, { etag, "content-length": content.length - from });
  return from;
}

test("goes on where the connection broke, and checks the sum", async () => {
  using ctx = await start((request, response, count) => {
    const from = serve(request, response);
    if (count > 1) return void response.end(content.subarray(from));
    response.write(content.subarray(0, 100_000));
    void waitUntil("some of it is on disk", () => sizeOf(`${ctx.place}.part`) > 0).then(() => response.destroy());
  });
  const stages = new Set<string>();
  await pullFile({ ...ctx, sha256 }, { signal: never, onProgress: ({ stage }) => stages.add(stage) });
  expect(readFileSync(ctx.place).equals(content)).toBe(true);
  expect(ctx.ranges()[0]).toBeUndefined();
  expect(ctx.ranges()[1]).toMatch(/^bytes=\d+-$/);
  expect([...stages]).toEqual(["downloading", "verifying"]);
  expect(existsSync(`${ctx.place}.part`)).toBe(false);
});

test("begins anew when the server has another file by now", async () => {
  using ctx = await start((request, response) => response.end(content.subarray(serve(request, response, '"2"'))));
  await pullFile(ctx, { signal: never, onProgress: () => {} });
  writeFileSync(`${ctx.place}.part`, "GGUFold");
  writeFileSync(`${ctx.place}.part.json`, JSON.stringify({ url: ctx.url, etag: '"1"' }));
  await pullFile({ ...ctx, sha256 }, { signal: never, onProgress: () => {} });
  expect(readFileSync(ctx.place).equals(content)).toBe(true);
});

test("deletes a file whose sum is another, and says both", async () => {
  using ctx = await start((request, response) => response.end(content.subarray(serve(request, response))));
  const wrong = "0".repeat(64);
  const pull = pullFile({ ...ctx, sha256: wrong }, { signal: never, onProgress: () => {} });
  await expect(pull).rejects.toThrow(`has the SHA-256 ${sha256}, not ${wrong}`);
  expect(existsSync(ctx.place) || existsSync(`${ctx.place}.part`)).toBe(false);
});

test("refuses what is not a GGUF file and what is not there, without trying again", async () => {
  using page = await start((_, response) => response.end("<html>"));
  await expect(pullFile(page, { signal: never, onProgress: () => {} })).rejects.toThrow("is not a GGUF file");
  using missing = await start((_, response) => response.writeHead(404).end());
  await expect(pullFile(missing, { signal: never, onProgress: () => {} })).rejects.toThrow("answers 404 Not Found");
  expect(missing.ranges()).toHaveLength(1);
});

// What is written there finds no space left.
const full = "/dev/full";
test.skipIf(!existsSync(full))("says at once when the disk is full by now, without trying again", async () => {
  using ctx = await start((_, response) => response.end(content));
  mkdirSync(dirname(ctx.place));
  symlinkSync(full, `${ctx.place}.part`);
  await expect(pullFile(ctx, { signal: never, onProgress: () => {} })).rejects.toThrow("is full: make room");
  expect(ctx.ranges()).toHaveLength(1);
});

test("keeps what has come when it is stopped", async () => {
  const stop = new AbortController();
  using ctx = await start((request, response) => {
    serve(request, response);
    response.write(content.subarray(0, 100_000));
  });
  const onProgress = () => stop.abort(new Error("left"));
  await expect(pullFile(ctx, { signal: stop.signal, onProgress })).rejects.toThrow("left");
  expect(existsSync(`${ctx.place}.part`)).toBe(true);
  expect(existsSync(ctx.place)).toBe(false);
});
