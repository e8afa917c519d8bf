import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, release, totalmem, type } from "node:os";
import { fileURLToPath } from "node:url";
import type { Machine } from "./result.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** This machine, and the versions that are measured. It has no name: results are published. */
export function describeMachine(llamaServer: string | undefined): Machine {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, "utf8")) as { version: string };
  const changed = output("git", ["status", "--porcelain", "--untracked-files=no"]) === "" ? "" : "+";
  return {
    cpu: cpus()[0]?.model.trim() ?? "",
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    node: process.versions.node,
    tokenwire: version,
    commit: output("git", ["rev-parse", "--short=10", "HEAD"]) + changed,
    llamaServer: llamaServer === undefined ? "" : (/version: (.*)/.exec(output(llamaServer, ["--version"]))?.[1] ?? ""),
  };
}

/** "" where the program is not there: an unpacked archive has no commit. llama-server says its version on stderr. */
function output(program: string, args: string[]): string {
  const { stdout, stderr, status } = spawnSync(program, args, { cwd: root, encoding: "utf8" });
  return status === 0 ? (stdout + stderr).trim() : "";
}
