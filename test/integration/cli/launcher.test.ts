import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { packageRoot } from "../../../config/config.ts";
import { oldNode } from "../../support/old-node.ts";
import { temporaryFolder } from "../../unit/config/support.ts";

/** Tells which Node runs it, and counts the signals that reach it until the second SIGTERM. */
const fakeServer = `
let seen = [];
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {
  seen.push(signal);
  console.log(seen.join(" "));
  if (seen.filter((each) => each === "SIGTERM").length === 2) process.kill(process.pid, "SIGKILL");
});
console.log(process.version, process.argv.slice(2).join(" "));
if (process.argv[2] === "end") process.exitCode = 7;
else {
  process.on("disconnect", () => {
    console.log("the launcher is gone");
    process.exit();
  });
  setInterval(() => {}, 1000);
}
`;

/** The package as it is published, around a fake server. */
function installIn(folder: string, { withNode }: { withNode: boolean }): string {
  mkdirSync(join(folder, "dist"));
  cpSync(join(packageRoot, "package.json"), join(folder, "package.json"));
  writeFileSync(join(folder, "dist/main.js"), fakeServer);
  cpSync(join(packageRoot, "bin"), join(folder, "bin"), { recursive: true });
  // What npm brings by itself, so that nothing is fetched.
  for (const name of [`@node-llama-cpp/linux-${process.arch}`, `@koromix/koffi-linux-${process.arch}`]) {
    mkdirSync(join(folder, "node_modules", name), { recursive: true });
    writeFileSync(join(folder, "node_modules", name, "package.json"), "{}");
  }
  const node = join(folder, `node_modules/node-${process.platform}-${process.arch}`);
  mkdirSync(join(node, "bin"), { recursive: true });
  if (withNode) {
    writeFileSync(join(node, "package.json"), "{}");
    symlinkSync(process.execPath, join(node, "bin/node"));
  }
  return join(folder, "bin/tokenwire.mjs");
}

/** Output line by line. */
async function* linesOf(child: ChildProcess): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const chunk of child.stdout ?? []) {
    rest += String(chunk);
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  return undefined;
}

test("runs the server in its own process where Node is new enough", () => {
  using folder = temporaryFolder();
  const launcher = installIn(folder.path, { withNode: false });
  const { status, stdout } = spawnSync(process.execPath, [launcher, "end", "--a b"], { encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 7, stdout: `${process.version} end --a b\n` });
});

describe.skipIf(oldNode === undefined)("started with an old Node", () => {
  test("runs the server with the pinned one, and ends as it ends", () => {
    using folder = temporaryFolder();
    const launcher = installIn(folder.path, { withNode: true });
    const { status, stdout } = spawnSync(oldNode ?? "", [launcher, "end", "--a b"], { encoding: "utf8" });
    expect({ status, stdout }).toEqual({ status: 7, stdout: `${process.version} end --a b\n` });
  });

  test("hands each signal on once, even when the terminal sends it to the whole group", async () => {
    using folder = temporaryFolder();
    const launcher = installIn(folder.path, { withNode: true });
    // Leader of a group of its own, as a shell starts a job.
    const child = spawn(oldNode ?? "", [launcher], { detached: true, stdio: ["ignore", "pipe", "inherit"] });
    const exited = once(child, "exit");
    const lines = linesOf(child);
    const next = async () => (await lines.next()).value;
    expect(await next()).toMatch(/^v24\./);
    process.kill(-(child.pid ?? 0), "SIGINT");
    expect(await next()).toBe("SIGINT");
    child.kill("SIGTERM");
    expect(await next()).toBe("SIGINT SIGTERM");
    child.kill("SIGTERM");
    // As a shell reports a process that a signal ended.
    expect(await exited).toEqual([128 + 9, null]);
  });

  test("leaves no server behind when it is killed", async () => {
    using folder = temporaryFolder();
    const launcher = installIn(folder.path, { withNode: true });
    const child = spawn(oldNode ?? "", [launcher], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = linesOf(child);
    expect((await lines.next()).value).toMatch(/^v24\./);
    child.kill("SIGKILL");
    expect((await lines.next()).value).toBe("the launcher is gone");
    // The output ends with the last process that holds it.
    expect(await lines.next()).toEqual({ done: true, value: undefined });
  });

  test("says what to do where there is no pinned one, and none can be fetched", () => {
    using folder = temporaryFolder();
    const launcher = installIn(folder.path, { withNode: false });
    const env = { HOME: folder.path, PATH: folder.path, TOKENWIRE_GPU: "none" };
    const { status, stdout, stderr } = spawnSync(oldNode ?? "", [launcher, "help"], { encoding: "utf8", env });
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatch(
      /fetching Node 24\.[\d.]+ \(51 MB\), once, because this is v[\d.]+ …\n.* could not be fetched: /,
    );
    expect(stderr).toMatch(/\ntokenwire needs Node 24 or newer, and this is v[\d.]+ \(.*\): install one from /);
  });
});
