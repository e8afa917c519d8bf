import { basename } from "node:path";
import koffi from "koffi";
import { getLlama, type Llama, LlamaLogLevel } from "node-llama-cpp";
import { findFetchedBuilds } from "./fetched-builds.ts";

// Native calls run on koffi's own stacks, whose defaults (2 MiB, 128 KiB) deep grammars and graphs overflow. This can
// only be set before the first library is loaded.
const stackBytes = 8 * 1024 * 1024;
koffi.config({ sync_stack_size: stackBytes, async_stack_size: stackBytes });

export type Library = ReturnType<typeof koffi.load>;

export interface Libraries {
  readonly llama: Library;
  readonly ggml: Library;
  readonly ggmlBase: Library;
  /** Opens a library that calls these three without naming them. */
  readonly openBeside: (path: string) => Library;
  /** What runs, in words, such as `cpu-zen4` or `cuda`. */
  readonly build: string;
  /** Physical cores that do arithmetic well (no efficiency cores, no hyper-threads). */
  readonly mathCores: number;
}

export interface OpenOptions {
  readonly gpu: "auto" | "cuda" | "vulkan" | "metal" | false;
  readonly numa: false | "distribute" | "isolate" | "numactl" | "mirror";
  readonly log: (level: "debug" | "info" | "warn" | "error", message: string) => void;
}

/**
 * Lets node-llama-cpp choose and load the native build for this machine, then opens the very same libraries for FFI.
 * Once per process: llama.cpp keeps its backends and its log callback in globals.
 */
export async function openLibraries({ gpu, numa, log }: OpenOptions): Promise<Libraries> {
  findFetchedBuilds();
  const llama = await getLlama({
    gpu,
    build: "never",
    numa,
    logLevel: LlamaLogLevel.info,
    // A driver without its build is a choice (TOKENWIRE_GPU), or was said at the start.
    logger: (level, message) => log(message.includes(noBuild) ? "debug" : logLevels[level], message),
  });
  const loaded = loadedLibraries();
  const find = (pattern: RegExp, what: string): string => {
    const path = loaded.find((candidate) => pattern.test(basename(candidate)));
    if (path === undefined) throw new Error(`node-llama-cpp loaded no ${what} library (loaded: ${loaded.join(", ")})`);
    return path;
  };
  const paths = {
    llama: find(/^(lib)?llama(\.[^-]+)?\.(so|dylib|dll)$/, "llama"),
    ggml: find(/^(lib)?ggml(\.[^-]+)?\.(so|dylib|dll)$/, "ggml"),
    ggmlBase: find(/^(lib)?ggml-base\.(so|dylib|dll)$/, "ggml-base"),
  };
  return {
    llama: koffi.load(paths.llama),
    ggml: koffi.load(paths.ggml),
    ggmlBase: koffi.load(paths.ggmlBase),
    openBeside(path) {
      // Node has loaded them for its addon alone: from now on their functions are found by name.
      for (const base of Object.values(paths)) koffi.load(base, { global: true });
      return koffi.load(path);
    },
    build: await describeBuild(llama, loaded),
    mathCores: llama.cpuMathCores,
  };
}

const noBuild = "A prebuilt binary was not found, falling back to using no GPU";

const logLevels = {
  [LlamaLogLevel.disabled]: "debug",
  [LlamaLogLevel.fatal]: "error",
  [LlamaLogLevel.error]: "error",
  [LlamaLogLevel.warn]: "warn",
  [LlamaLogLevel.info]: "info",
  [LlamaLogLevel.log]: "info",
  [LlamaLogLevel.debug]: "debug",
} as const;

/** Every shared object of this process, as the platform's loader names it. */
function loadedLibraries(): string[] {
  // Without this the report resolves the names of every open socket, which can take seconds.
  Object.assign(process.report, { excludeNetwork: true });
  const report: unknown = process.report.getReport();
  const objects = (report as { sharedObjects?: unknown }).sharedObjects;
  return Array.isArray(objects) ? objects.filter((path): path is string => typeof path === "string") : [];
}

/** A GPU's library is loaded where it may be of use; it is named only where it has found a GPU. */
async function describeBuild(llama: Llama, loaded: readonly string[]): Promise<string> {
  const gpu = llama.gpu !== false && (await llama.getGpuDeviceNames()).length > 0 ? llama.gpu : undefined;
  const cpu = loaded.map((path) => /ggml-(cpu(?:-[^.]+)?)\./.exec(basename(path))?.[1]).find((name) => name);
  const kind = llama.buildType === "prebuilt" ? "prebuilt" : "built here";
  return `${[gpu, cpu ?? "cpu"].filter(Boolean).join(" + ")} (${kind})`;
}
