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

export async function readMetrics(server: Server): Promise<Metrics> {
  const response = await fetch(urlOf(server, "/metrics"));
  return new Metrics(await response.text());
}

/** What Tokenwire says of its steps while `work` ran; nothing of other servers. */
export async function withStepFigures<T>(
  server: Server,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly steps: Record<string, number> }> {
  if (server.kind !== "tokenwire") return { result: await work(), steps: {} };
  const before = await readMetrics(server);
  const result = await work();
  const after = await readMetrics(server);
  const grown = (name: string): number => after.since(before, name);
  const steps = grown("decode_steps_total");
  return {
    result,
    steps: {
      meanBatch: grown("decoded_sequences_total") / steps,
      stepMs: (grown("decode_seconds_total") / steps) * 1000,
      betweenDecodesMs: (grown("between_decodes_seconds_total") / steps) * 1000,
    },
  };
}
