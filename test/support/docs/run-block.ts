import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { parse as parseYaml } from "yaml";
import { parseCommand } from "../../../cli/arguments/parse-command.ts";
import { parseShimCommand } from "../../../cli/arguments/parse-shim-command.ts";
import { createVocabulary } from "../../../config/vocabulary.ts";
import { findDifference } from "./find-difference.ts";
import type { PageFolder } from "./page-folder.ts";
import type { DocBlock } from "./read-blocks.ts";

/**
 * Does what a reader would do with a block: runs commands and programs and compares what they write with the block behind
 * them, reads a configuration as a start would. Returns what is wrong with it; undefined: nothing.
 */
export async function runBlock(block: DocBlock, folder: PageFolder): Promise<string | undefined> {
  if (block.needs !== undefined) return undefined;
  switch (block.language) {
    case "sh":
      return runShell(block, folder);
    case "python":
      return runPython(block, folder);
    case "json":
    case "yaml":
      return checkData(block, folder);
    case "text":
      return undefined;
    default:
      return `nobody can run ${block.language === "" ? "a block without a language" : block.language} here: use what it needs`;
  }
}

async function runShell(block: DocBlock, folder: PageFolder): Promise<string | undefined> {
  const script = `set -euo pipefail\n${folder.here(block.text)}`;
  const { code, out, errors } = await run("bash", ["-c", script], folder);
  if (code !== 0) return `it exited with ${code}: ${errors.trim()} ${out.trim()}`;
  const refusal = refusalIn(out);
  if (refusal !== undefined) return `it was answered with ${refusal}`;
  const started = folder
    .takeStarts()
    .map(readStart)
    .find((problem) => problem !== undefined);
  return started ?? compare(block.output, out);
}

async function runPython(block: DocBlock, folder: PageFolder): Promise<string | undefined> {
  const { code, out, errors } = await run("python3", ["-c", folder.here(block.text)], folder);
  return code === 0 ? compare(block.output, out) : `it exited with ${code}: ${errors.trim()}`;
}

/** An error's body, whatever dialect it is in: curl takes it for an answer. */
function refusalIn(out: string): string | undefined {
  return /^\{"(?:error"|type":"error").*/m.exec(out)?.[0];
}

/** A start's command line, read as a start would read it, without a model being loaded. */
function readStart({ cwd, argv }: { readonly cwd: string; readonly argv: readonly string[] }): string | undefined {
  try {
    if (argv[0] === "shim") return void parseShimCommand(argv.slice(1), {}, cwd);
    const command = parseCommand(argv[0] === "service" ? argv.slice(1) : argv, {}, cwd);
    if (command.command === "serve" && command.warnings.length > 0) return command.warnings.join("; ");
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return undefined;
}

/** JSON and YAML can be parsed; what has a setting's name at its top is a configuration, and later commands' `config.json`. */
function checkData(block: DocBlock, folder: PageFolder): string | undefined {
  const written = folder.here(block.text);
  const data: unknown = block.language === "json" ? JSON.parse(written) : parseYaml(written);
  if (typeof data !== "object" || data === null) return undefined;
  if (!Object.keys(data).some((key) => key === "models" || createVocabulary().get(key)?.scope === "server"))
    return undefined;
  const file = join(folder.path, `config.${block.language}`);
  writeFileSync(file, written);
  return readStart({ cwd: folder.path, argv: ["--config_file", file] });
}

export function compare(expected: DocBlock | undefined, out: string): string | undefined {
  if (expected === undefined || expected.needs !== undefined) return undefined;
  if (expected.language === "json") return findDifference(JSON.parse(expected.text), JSON.parse(out));
  return out.trim() === expected.text.trim() ? undefined : `it wrote ${JSON.stringify(out.trim())}`;
}

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly errors: string;
}

export async function run(command: string, args: readonly string[], { path: cwd, env }: PageFolder): Promise<Run> {
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"], timeout: 20_000 });
  const code = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, errors };
}
