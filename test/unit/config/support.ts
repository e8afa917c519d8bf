import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError } from "../../../config/config-error.ts";
import { loadConfig, type LoadedConfig } from "../../../config/load-config.ts";
import { packageRoot } from "../../../config/config.ts";
import type { Flag } from "../../../config/sources/sources.ts";

/** A GGUF file that is really there. */
export const gguf = join(packageRoot, "models/tiny-guide/tiny-guide-q8_0.gguf");

export interface Sources {
  /** The config file: an object becomes JSON, a text is written as it is. */
  readonly file?: unknown;
  /** Default: config.json. */
  readonly fileName?: string;
  readonly flags?: Readonly<Record<string, string | readonly string[]>>;
  readonly env?: Readonly<Record<string, string>>;
}

export type TestConfig = LoadedConfig;

/** A folder that is removed with the variable that holds it. */
export function temporaryFolder(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), "tokenwire-config-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Loads what the sources say, in a folder of its own; `prepare` may put files into it. */
export function load(sources: Sources, prepare: (folder: string) => void = () => {}): TestConfig {
  using folder = temporaryFolder();
  prepare(folder.path);
  return loadConfig({
    flags: flagsOf(folder.path, sources),
    env: sources.env ?? {},
    cwd: folder.path,
  });
}

/** The sentences of the ConfigError that loading throws, with the folder's path as FOLDER. */
export function problemsOf(sources: Sources, prepare: (folder: string) => void = () => {}): string[] {
  let folder = "";
  try {
    load(sources, (path) => {
      folder = path;
      prepare(path);
    });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((problem) => problem.replaceAll(folder, "FOLDER"));
    throw error;
  }
  return [];
}

function flagsOf(folder: string, { file, fileName = "config.json", flags = {} }: Sources): Map<string, Flag> {
  const all = new Map(Object.entries(flags).map(([name, value]) => [name, { flag: `--${name}`, value }]));
  if (file === undefined) return all;
  writeFileSync(join(folder, fileName), typeof file === "string" ? file : JSON.stringify(file));
  return all.set("config_file", { flag: "--config_file", value: fileName });
}
