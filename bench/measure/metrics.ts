import { setTimeout as sleep } from "node:timers/promises";
import type { Outcome } from "../load/plan.ts";
import { sum } from "./statistics.ts";
import { type Server, urlOf } from "../servers/server.ts";

/** Values of a server's `/metrics`, each summed over its labels. */
export class Metrics {
  readonly #values = new Map<string, number>();

  constructor(text: string) {
    for (const [, name = "", value] of text.matchAll(/^(\w+)(?:\{.*\})? (\S+)$/gm))
      this.#values.set(name, (this.#values.get(name) ?? 0) + Number(value));
  }

  /** `name` without `tokenwire_`. Throws when the server has no such series. */
  value(name: string): number {
    const value = this.#values.get(`tokenwire_${name}`);
    if (value === undefined) throw new Error(`/metrics has no tokenwire_${name}`);
    return value;
  }

  /** How much `name` has grown since. */
  since(before: Metrics, name: string): number {
    return this.value(name) - before.value(name);
  }
}

export async function readMetrics(server: Pick<Server, "host" | "port">): Promise<Metrics> {
  const response = await fetch(urlOf(server, "/metrics"));
  return new Metrics(await response.text());
}

/** The worker's counters reach /metrics with a delay. */
const settleMs = 5000;

/** Reads until the server has counted so many completion tokens more, or seems never to. */
export async function readSettled(
  server: Server,
  { before, completionTokens }: { readonly before: Metrics; readonly completionTokens: number },
): Promise<Metrics> {
  const deadline = performance.now() + settleMs;
  for (;;) {
    const metrics = await readMetrics(server);
    const counted = metrics.since(before, "completion_tokens_total");
    if (counted >= completionTokens || performance.now() > deadline) return metrics;
    await sleep(50);
  }
}

/** What Tokenwire says of its steps while `work` ran; nothing of other servers. */
export async function withStepFigures(
  server: Server,
  work: () => Promise<Outcome>,
): Promise<{ readonly result: Outcome; readonly steps: Record<string, number> }> {
  if (server.kind !== "tokenwire") return { result: await work(), steps: {} };
  const before = await readMetrics(server);
  const result = await work();
  const completionTokens = sum(result.answers, (answer) => answer.completionTokens);
  const after = await readSettled(server, { before, completionTokens });
  const grown = (name: string): number => after.since(before, name);
  const steps = grown("decode_steps_total");
  return {
    result,
    steps: {
      meanBatch: grown("decoded_sequences_total") / steps,
      stepMs: (grown("decode_seconds_total") / steps) * 1000,
      betweenDecodesMs: (grown("between_decodes_seconds_total") / steps) * 1000,
      decodeMs: grown("decode_seconds_total") * 1000,
    },
  };
}
