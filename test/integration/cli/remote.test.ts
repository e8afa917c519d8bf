import { createServer } from "node:http";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseRemote, type remoteCommands } from "../../../cli/remote/parse-remote.ts";
import { runRemote } from "../../../cli/remote/run-remote.ts";
import { rejection } from "../../support/rpc.ts";
import { startTestServices, type TestServices } from "../services/support.ts";

type Name = (typeof remoteCommands)[number];

/** What a command of `tokenwire` prints, as a user types it, and what it draws on a terminal. */
async function remote(
  ctx: TestServices,
  name: Name,
  words: readonly string[] = [],
  { terminal = false, signal = new AbortController().signal }: { terminal?: boolean; signal?: AbortSignal } = {},
) {
  const lines: string[] = [];
  let drawn = "";
  const progress = { isTTY: terminal, write: (text: string) => void (drawn += text) };
  const command = parseRemote(name, ["--address", ctx.services.address, ...words], {});
  await runRemote(command, { out: (line) => lines.push(line), progress, signal });
  return { text: lines.join("\n"), lines, drawn };
}

const two = { models: { a: "fake.gguf", b: "slow.gguf" }, ttl: 60 };

describe("tokenwire", () => {
  test("models, load, ps and unload show models come and go", async () => {
    await using ctx = await startTestServices(two);
    const listed = await remote(ctx, "models");
    expect(listed.text).toMatch(/^MODEL +STATE +MEMORY +SLOTS x TOKENS +UNTIL\na +unloaded\nb +unloaded$/);
    expect((await remote(ctx, "ps")).text).not.toMatch(/^[ab] /m);

    const load = await remote(ctx, "load", ["b"], { terminal: true });
    expect(load.drawn).toMatch(/\[=+ +\] +50% loading b/);
    // The bar is wiped away.
    expect(load.drawn.endsWith("\r\x1b[K")).toBe(true);
    expect(load.text).toMatch(/^b +resident .*2 x 1000 +\d+ s$/m);
    expect((await remote(ctx, "ps")).text).toMatch(/^b +resident/m);
    expect((await remote(ctx, "ps")).text).not.toMatch(/^a /m);
    expect((await remote(ctx, "show", ["b"])).text).toMatch(/^slots +2$/m);

    expect((await remote(ctx, "unload", ["b"])).text).toBe("b is not in memory any more");
    expect((await remote(ctx, "ps")).text).not.toMatch(/^b /m);
  });

  test("prints a JSON value per line with --json, and draws nothing", async () => {
    await using ctx = await startTestServices(two);
    const load = await remote(ctx, "load", ["b", "--json"], { terminal: true });
    const states = load.lines.map((line) => (JSON.parse(line) as { state: string }).state);
    expect(states).toContain("MODEL_STATE_LOADING");
    expect(states.at(-1)).toBe("MODEL_STATE_RESIDENT");
    expect(load.drawn).toBe("");
    const listed = (await remote(ctx, "models", ["--json"])).lines.map((line) => JSON.parse(line) as unknown);
    expect(listed).toMatchObject([
      { id: "a", state: "MODEL_STATE_UNLOADED" },
      { id: "b", ttlSeconds: 60 },
    ]);
    expect(JSON.parse((await remote(ctx, "unload", ["b", "--json"])).text)).toMatchObject({ id: "b" });
  });

  test.each([
    ["show", ["nobody"], /nobody.*\(asked 127\.0\.0\.1:\d+\)/],
    ["load", ["nobody"], /nobody/],
    ["unload", ["nobody"], /nobody/],
    ["rm", ["a"], /was not downloaded by PullModel/],
    ["pull", ["owner"], /not a repository such as owner\/name/],
  ] as const)("%s %j ends with the server's refusal", async (name, words, message) => {
    await using ctx = await startTestServices(two);
    expect(await rejection(remote(ctx, name, words))).toMatchObject({ message: expect.stringMatching(message) });
  });

  test("load is given up with Ctrl+C, and the load with it", async () => {
    await using ctx = await startTestServices({ models: { a: "never-loads.gguf" }, ttl: 60 });
    const stop = new AbortController();
    const load = remote(ctx, "load", ["a"], { signal: stop.signal });
    for await (const { model } of ctx.client.models.watchModels({})) if (model?.loadProgress === 0.5) break;
    stop.abort();
    expect(await rejection(load)).toMatchObject({ message: "load was given up" });
    for await (const { model } of ctx.client.models.watchModels({})) if (model?.loadProgress === 0) break;
  });

  test("pull brings a model that rm deletes again", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tw-remote-"));
    const files = createServer((_, response) => response.end(`GGUF${"x".repeat(10_000)}`));
    await once(files.listen(0, "127.0.0.1"), "listening");
    const url = `http://127.0.0.1:${(files.address() as AddressInfo).port}/brought.gguf`;
    {
      await using ctx = await startTestServices({ ...two, service: { models_dir: folder } });
      expect((await remote(ctx, "pull", [url], { terminal: true })).text).toMatch(
        /^brought is served from now on \(.*B\)$/,
      );
      expect((await remote(ctx, "models")).text).toMatch(/^brought +unloaded/m);
      expect(await rejection(remote(ctx, "pull", [url]))).toMatchObject({
        message: expect.stringContaining('there is a model "brought" already'),
      });
      expect((await remote(ctx, "rm", ["brought"])).text).toBe("brought is deleted");
      expect((await remote(ctx, "models")).text).not.toContain("brought");
      const events = (await remote(ctx, "pull", [url, "--id", "other", "--json"])).lines;
      expect(JSON.parse(events.at(-1) ?? "")).toEqual({
        stage: "done",
        received: 10_004,
        total: 10_004,
        model: "other",
      });
    }
    files.close();
    rmSync(folder, { recursive: true });
  });
});
