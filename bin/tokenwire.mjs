#!/usr/bin/env node
// The launcher of the command line. Plain JavaScript that any Node from 16 on reads: where the Node that it was started
// with is too old for the server, it starts the server with the one that came as a dependency.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { constants, homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBase, ensureGpuBuild, fetchNode, pinnedNode } from "./machine-packages.mjs";

/** Runs TypeScript as it is, and has what the server's code uses. */
const oldestMajor = 24;

/** Commands that are programs of their own: the two halves of the server. */
const programs = { service: "services/main", shim: "shim/main" };

const [command = ""] = process.argv.slice(2);
const isProgram = Object.hasOwn(programs, command);
if (isProgram) process.argv.splice(2, 1);
const program = isProgram ? programs[command] : "main";
const source = new URL(`../${program}.ts`, import.meta.url);
const isCheckout = existsSync(fileURLToPath(source));
const entry = isCheckout ? source : new URL(`../dist/${program}.js`, import.meta.url);

if (isCheckout) {
  const { ensureInstalled } = await import("./ensure.mjs");
  ensureInstalled();
  const { ensureWebBuilt } = await import("./ensure-web.mjs");
  ensureWebBuilt();
}
if (runsModels(process.argv.slice(2))) {
  ensureBase();
  ensureGpuBuild();
}
// What Node has compiled is kept from start to start; the processes that are started from here inherit it. It halves the
// time that our own modules take to load. A folder that cannot be written costs nothing but that.
process.env.NODE_COMPILE_CACHE ??= join(homedir(), ".cache", "tokenwire", "compile");
if (Number(process.versions.node.split(".")[0]) >= oldestMajor) {
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
  await import(entry.href);
} else {
  runWith(pinnedNode() ?? fetchNode(), fileURLToPath(entry));
}

/** Whether a command line starts models here; of all the others, few take as long as looking for a GPU. */
function runsModels([word = "--", ...more]) {
  const isServing = ["serve", "service"].includes(command) || word.startsWith("--");
  return isServing && ![word, ...more].some((it) => it === "--help" || it === "--version");
}

function runWith(node, file) {
  if (node === undefined) {
    console.error(
      `tokenwire needs Node ${oldestMajor} or newer, and this is ${process.version} (${process.execPath}):` +
        " install one from https://nodejs.org",
    );
    process.exit(1);
  }
  // In a group of its own: Ctrl+C in a terminal reaches every process of the group, and we pass it on.
  const detached = process.platform !== "win32";
  // By the end of the channel the server learns of ours, also of one by SIGKILL, and ends too.
  const stdio = ["inherit", "inherit", "inherit", "ipc"];
  const child = spawn(node, [file, ...process.argv.slice(2)], { stdio, detached });
  if (detached) {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]) process.on(signal, () => child.kill(signal));
  } else {
    // The console tells the child itself.
    process.on("SIGINT", () => {});
  }
  child.on("error", (error) => {
    console.error(`tokenwire could not start ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}
