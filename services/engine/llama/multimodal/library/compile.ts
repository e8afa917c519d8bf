import { execFile } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { ErrorReason, RpcError } from "../../../../../clients/errors.ts";
import { ownSource, sourceBundle } from "./library-place.ts";

const run = promisify(execFile);

/** Compilers at once: beside a server there is other work. */
const jobs = 2;
const compilers = ["c++", "g++", "clang++"];
/** What of llama.cpp's source is needed. */
const sourceFolders = ["tools/mtmd", "vendor/stb", "vendor/miniaudio", "ggml/include", "ggml/src", "include"];
const flags = ["-std=c++17", "-O2", "-fPIC", "-w", "-DLLAMA_SHARED", "-DGGML_SHARED", "-DGGML_BACKEND_SHARED"];

export interface CompileOptions {
  /** An empty folder, for all that is made on the way. */
  readonly folder: string;
  readonly release: string;
  /** The library's file. */
  readonly target: string;
  /** Called with how many of the parts are compiled. */
  readonly onProgress: (done: number, parts: number) => void;
}

/**
 * Compiles libmtmd, with our own file, from the source that came with node-llama-cpp. What it calls of llama.cpp and ggml is
 * left open: the process that loads it has these libraries already, in the variant for its GPU. Throws RpcError
 * MODEL_LOAD_FAILED that says what the machine lacks.
 */
export async function compileLibrary({ folder, release, target, onProgress }: CompileOptions): Promise<void> {
  const compiler = await findCompiler();
  const source = join(folder, "source");
  await checkOut(source);
  const mtmd = join(source, "tools/mtmd");
  // The models are many small files over the same large headers: as one they take a tenth of the time.
  const models = (await readdir(join(mtmd, "models"))).filter((name) => name.endsWith(".cpp"));
  const all = join(mtmd, "all-models.cpp");
  await writeFile(all, models.map((name) => `#include "models/${name}"\n`).join(""));
  // Those that take longest first.
  const files = [join(mtmd, "clip.cpp"), ownSource, all, ...["mtmd", "mtmd-image", "mtmd-audio"].map(inMtmd)];
  function inMtmd(name: string): string {
    return join(mtmd, `${name}.cpp`);
  }
  const includes = ["tools/mtmd", "tools/mtmd/models", "include", "ggml/include", "ggml/src", "vendor"];
  const common = [...flags, `-DTOKENWIRE_RELEASE="${release}"`, ...includes.map((path) => `-I${join(source, path)}`)];
  const objects = files.map((_, index) => join(folder, `${index}.o`));
  const waiting = [...files.entries()];
  let done = 0;
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, file] = next;
      await compile(compiler, [...common, "-c", file, "-o", objects[index] ?? ""]);
      onProgress(++done, files.length);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  const open = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : ["-s"];
  await compile(compiler, ["-shared", ...open, "-o", target, ...objects, "-lpthread"]);
}

async function compile(compiler: string, words: readonly string[]): Promise<void> {
  try {
    await run(compiler, words, { maxBuffer: 2 ** 26 });
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    const why = stderr.split("\n").find((line) => /error/i.test(line)) ?? message;
    throw failed(`llama.cpp's multimodal library could not be compiled with ${compiler}: ${why}`, error);
  }
}

async function findCompiler(): Promise<string> {
  if (process.platform === "win32")
    throw failed("clip_model_path is not served on Windows: llama.cpp's multimodal library is not built there");
  for (const name of compilers)
    if (
      await run(name, ["--version"]).then(
        () => true,
        () => false,
      )
    )
      return name;
  throw failed(
    "clip_model_path needs llama.cpp's multimodal library, which is compiled once on the machine, and there is no C++ " +
      "compiler: install one (apt install g++ git), or copy the result of tokenwire build-multimodal from a machine like this",
  );
}

async function checkOut(source: string): Promise<void> {
  try {
    await run("git", ["clone", "--quiet", "--no-checkout", sourceBundle, source]);
    await run("git", [
      "-C",
      source,
      "-c",
      "core.autocrlf=false",
      "checkout",
      "--quiet",
      "HEAD",
      "--",
      ...sourceFolders,
    ]);
  } catch (error) {
    const isMissing = (error as { code?: unknown }).code === "ENOENT";
    const why = isMissing ? "git is needed to unpack it (apt install git)" : (error as Error).message;
    throw failed(`the source of llama.cpp's multimodal library could not be unpacked: ${why}`, error);
  }
}

function failed(message: string, cause?: unknown): RpcError {
  return new RpcError(ErrorReason.MODEL_LOAD_FAILED, message, { cause });
}
