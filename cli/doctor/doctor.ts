import { existsSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type Environment, packageRoot, packageVersion } from "../../config/config.ts";
import { ConfigError, StartError } from "../../config/config-error.ts";
import { type LoadedConfig, loadConfig } from "../../config/load-config.ts";
import type { Flags } from "../../config/sources/sources.ts";
import { readHubConfig } from "../../services/hub/config.ts";
import type { Check } from "./check.ts";
import { checkNative, lookAtMachine } from "./check-gpu.ts";
import { checkPort } from "./check-port.ts";
import { checkDisk, checkMemory } from "./check-room.ts";

export interface DoctorOptions {
  /** Those of a start, which decide about ports and models. */
  readonly flags: Flags;
  readonly env: Environment;
  readonly cwd: string;
  readonly json: boolean;
}

/**
 * Looks at the machine and at what a start with these settings would find, without loading native code. Throws StartError
 * after everything was written, when something keeps the server from starting.
 */
export async function doctor({ flags, env, cwd, json }: DoctorOptions, out: (line: string) => void): Promise<void> {
  const { checks: config, loaded } = checkConfig({ flags, env, cwd });
  const { shim, service } = loaded?.settings ?? {};
  const checks = [
    checkNode(),
    checkPackage(),
    ...checkNative(await lookAtMachine(packageRoot)),
    await checkPort({ setting: "port", host: shim?.host ?? "127.0.0.1", port: shim?.port ?? 8000 }),
    await checkPort({
      setting: "grpc_port",
      host: service?.grpc_host ?? "127.0.0.1",
      port: service?.grpc_port ?? 50051,
    }),
    checkMemory(),
    await checkDisk(readHubConfig(env).cacheDir),
    ...config,
  ];
  if (json) for (const check of checks) out(JSON.stringify(check));
  else out(formatChecks(checks));
  const failed = checks.filter(({ status }) => status === "fail").length;
  if (failed > 0)
    throw new StartError(`${failed} of ${checks.length} checks failed: the server cannot start like this`);
}

/** Checks as lines for a terminal, remedies below what was found. */
export function formatChecks(checks: readonly Check[]): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks
    .flatMap(({ name, status, found, remedy }) => [
      `${status.padEnd(4)}  ${name.padEnd(width)}  ${found}`,
      ...(remedy === undefined ? [] : [`${" ".repeat(width + 6)}  -> ${remedy}`]),
    ])
    .join("\n");
}

function checkNode(): Check {
  const [major = 0] = process.versions.node.split(".").map(Number);
  const found = `${process.version} at ${process.execPath}`;
  if (major >= 24) return { name: "Node", status: "ok", found };
  return { name: "Node", status: "fail", found, remedy: "start it as tokenwire or npm start, which use Node 24" };
}

function checkPackage(): Check {
  const found = `tokenwire ${packageVersion()} in ${packageRoot}`;
  if (existsSync(join(packageRoot, "dist/web/index.html"))) return { name: "package", status: "ok", found };
  const remedy = "npm start builds the web page in a checkout; the API works without it";
  return { name: "package", status: "warn", found: `${found}, without the web page`, remedy };
}

function checkConfig(sources: Pick<DoctorOptions, "flags" | "env" | "cwd">): {
  readonly checks: Check[];
  readonly loaded: LoadedConfig | undefined;
} {
  const name = "config";
  try {
    const loaded = loadConfig(sources);
    const { models, configFile, embedded } = loaded.settings;
    const what = embedded
      ? "the demo model, as no other is named"
      : models.map((model) => model.model_alias).join(", ");
    const found = `${configFile === undefined ? "" : `${configFile}: `}${what}`;
    const warnings = loaded.warnings.map((warning): Check => ({ name, status: "warn", found: warning }));
    return { checks: [{ name, status: "ok", found }, ...warnings], loaded };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const checks = error.problems.map((problem): Check => ({ name, status: "fail", found: problem }));
    return { checks, loaded: undefined };
  }
}
