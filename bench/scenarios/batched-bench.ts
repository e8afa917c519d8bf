import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import type { BenchOptions } from "../run/options.ts";
import type { Contender } from "../run/scenario.ts";

const run = promisify(execFile);

export interface BatchedBenchOptions {
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** llama.cpp's own program without a server: the same batches, and nothing between them. Undefined where it is not built. */
export function batchedBench(
  options: BenchOptions,
  { promptTokens, completionTokens }: BatchedBenchOptions,
): Contender | undefined {
  const { batchedBench: program, model, threads = availableParallelism() } = options;
  if (program === undefined) return undefined;
  return {
    name: "llama-batched-bench",
    warmUps: 0,
    async run(name) {
      const users = Number.parseInt(name, 10);
      const context = users * (promptTokens + completionTokens);
      const sizes = ["-npp", String(promptTokens), "-ntg", String(completionTokens), "-npl", String(users)];
      const args = ["-m", model, "-c", String(context), "-t", String(threads), ...sizes, "--output-format", "jsonl"];
      const { stdout } = await run(program, args);
      const line = stdout.split("\n").find((it) => it.startsWith("{"));
      if (line === undefined) throw new Error(`llama-batched-bench says nothing: ${stdout}`);
      const { speed } = JSON.parse(line) as { readonly speed: number };
      return { tokensPerSecond: speed };
    },
  };
}
