import type { TokenwireClient } from "../../clients/tokenwire-client.ts";
import { StartError } from "../../config/config-error.ts";

export interface Load {
  readonly model: string;
  readonly users: number;
  /** As many for each user, each beginning with other tokens. */
  readonly prompts: readonly (readonly number[])[];
  readonly maxTokens: number;
}

/** What so many users at once got. Times in ms, speeds in tokens per second. */
export interface Measurement {
  readonly users: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** Prompt tokens of all, from the start to the last one's first token. */
  readonly promptSpeed: number;
  /** Tokens of all after the first ones, from the first one's first token to the end. */
  readonly decodeSpeed: number;
  /** The mean of what each user saw. */
  readonly decodeSpeedPerUser: number;
  /** Mean time to the first token. */
  readonly firstTokenMs: number;
}

interface Run {
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly firstAt: number;
  readonly endAt: number;
}

/** Lets `users` send their prompts at once. Throws RpcError, StartError, or the signal's reason. */
export async function measure(client: TokenwireClient, load: Load, signal: AbortSignal): Promise<Measurement> {
  const startedAt = performance.now();
  const prompts = load.prompts.slice(0, load.users);
  const runs = await Promise.all(prompts.map((prompt, index) => runOne(client, { load, prompt, index }, signal)));
  return summarize(runs, startedAt);
}

/** What the times of runs that began at `startedAt` mean. */
export function summarize(runs: readonly Run[], startedAt: number): Measurement {
  const sum = (value: (run: Run) => number): number => runs.reduce((total, run) => total + value(run), 0);
  const perSecond = (tokens: number, ms: number): number => (ms > 0 ? (tokens / ms) * 1000 : 0);
  const firstAt = Math.min(...runs.map((run) => run.firstAt));
  const lastFirstAt = Math.max(...runs.map((run) => run.firstAt));
  const endAt = Math.max(...runs.map((run) => run.endAt));
  return {
    users: runs.length,
    promptTokens: sum((run) => run.promptTokens),
    completionTokens: sum((run) => run.completionTokens),
    promptSpeed: perSecond(
      sum((run) => run.promptTokens),
      lastFirstAt - startedAt,
    ),
    decodeSpeed: perSecond(
      sum((run) => run.completionTokens - 1),
      endAt - firstAt,
    ),
    decodeSpeedPerUser: sum((run) => perSecond(run.completionTokens - 1, run.endAt - run.firstAt)) / runs.length,
    firstTokenMs: sum((run) => run.firstAt - startedAt) / runs.length,
  };
}

async function runOne(
  client: TokenwireClient,
  { load, prompt, index }: { readonly load: Load; readonly prompt: readonly number[]; readonly index: number },
  signal: AbortSignal,
): Promise<Run> {
  const request = {
    model: load.model,
    prompt: { kind: { case: "tokens" as const, value: { tokens: [...prompt] } } },
    options: { maxTokens: load.maxTokens, temperature: 0, seed: index, ignoreEos: true, cachePrompt: false },
  };
  for await (const { event } of client.inference.complete(request, { signal })) {
    if (event.case !== "finished") continue;
    const { usage, timings } = event.value;
    const endAt = performance.now();
    return {
      promptTokens: usage?.promptTokens ?? 0,
      completionTokens: usage?.completionTokens ?? 0,
      // The server knows when the first token was there, also when its text had to wait for the next one.
      firstAt: endAt - (timings?.decodeMs ?? 0),
      endAt,
    };
  }
  throw new StartError("the server ended an answer without a finish");
}
