import { Counter, Gauge } from "prom-client";
import { ModelState, type EngineStats, type Model, type ModelMemory } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { SchedulerCounts } from "../scheduler/scheduled-model.ts";
import type { UnloadReason } from "../scheduler/ticket.ts";
import { CounterDeltas } from "./counter-deltas.ts";
import { RecentMean } from "./recent-mean.ts";

const labelNames = ["model"] as const;
const gauge = (name: string, help: string) => new Gauge({ name: `tokenwire_${name}`, help, labelNames });
const counter = (name: string, help: string) => new Counter({ name: `tokenwire_${name}`, help, labelNames });

const gauges = {
  running: gauge("requests_running", "Requests that are being answered."),
  waiting: gauge("requests_waiting", "Requests waiting for their turn, here or in the engine."),
  slots: gauge("slots", "Sequences that the model can run at once; 0 while it is not resident."),
  slotsBusy: gauge("slots_busy", "Slots whose sequence is running."),
  kvUsage: gauge("kv_cache_usage_ratio", "Share of the KV cache in use, 0 to 1."),
  meanBatch: gauge("mean_batch_size", "Sequences per decode step, over the last seconds of work."),
  promptCache: gauge("prompt_cache_bytes", "Bytes of the prompt states that are kept beyond the slots."),
  resident: gauge("model_resident", "1 while the model is in memory."),
};
const counters = {
  decodeSteps: counter("decode_steps_total", "Calls of llama_decode."),
  decodedSequences: counter("decoded_sequences_total", "Sequences that were given a token, summed over decode steps."),
  promptTokens: counter(
    "prompt_tokens_total",
    "Prompt tokens, cached ones included, and those of texts embedded or ranked.",
  ),
  cachedTokens: counter("cached_tokens_total", "Prompt tokens whose KV state was reused."),
  completionTokens: counter("completion_tokens_total", "Generated tokens."),
  decodeMs: counter("decode_seconds_total", "Time inside llama_decode."),
  betweenStepsMs: counter(
    "between_decodes_seconds_total",
    "Time from the end of a decode to the beginning of the next, while there was work.",
  ),
  promptCacheHits: counter("prompt_cache_hits_total", "Prompts whose beginning was kept beyond the slots."),
  promptCacheMisses: counter("prompt_cache_misses_total", "Prompts whose beginning was not kept beyond the slots."),
};
const restarts = counter("worker_restarts_total", "Restarts of the model's process after it ended unexpectedly.");

const residency = {
  loads: counter("model_loads_total", "Times the model was loaded."),
  loadFailures: counter("model_load_failures_total", "Failed loads of the model."),
  loadSeconds: counter("model_load_seconds_total", "Time that loads took, from the start of the process."),
  evictions: counter("model_evictions_total", "Times the model left memory because another one needed the room."),
  switches: counter("model_switches_total", "Times the model came into memory in the place of another one."),
  refusals: counter("model_refusals_total", "Requests that were refused as there is no memory for the model."),
};
const unloads = new Counter({
  name: "tokenwire_model_unloads_total",
  help: "Times the model was taken out of memory: idle (its ttl), room (for another), asked (on request), abandoned (no request was waiting for it any more).",
  labelNames: ["model", "reason"] as const,
});
const unloadReasons: readonly UnloadReason[] = ["idle", "room", "asked", "abandoned"];
const memory = new Gauge({
  name: "tokenwire_model_memory_bytes",
  help: "What the model takes on a device: estimated before its load, with weights, kv and compute as parts of that; measured while it is resident.",
  labelNames: ["model", "device", "kind"] as const,
});

const memoryKinds: readonly (readonly [kind: string, bytes: (of: ModelMemory) => number])[] = [
  ["estimated", (of) => Number(of.estimatedBytes)],
  ["weights", (of) => Number(of.weightsBytes)],
  ["kv", (of) => Number(of.kvBytes)],
  ["compute", (of) => Number(of.computeBytes)],
  ["measured", (of) => Number(of.measuredBytes)],
];

type EngineCounter = keyof typeof counters;
const engineCounters = Object.keys(counters) as EngineCounter[];

/** One model's numbers on the default registry of prom-client, under its configured id. */
export class ModelMetrics {
  readonly #model: string;
  readonly #deltas = new CounterDeltas<EngineCounter>();
  readonly #batch = new RecentMean();
  /** On which its memory was told. */
  readonly #devices = new Set<string>();

  constructor(model: string) {
    this.#model = model;
    // A series that appears with its first event has no rate at its first event.
    const all = [...Object.values(gauges), ...Object.values(counters), ...Object.values(residency)];
    for (const metric of all) metric.labels({ model }).inc(0);
    restarts.labels({ model }).inc(0);
    for (const reason of unloadReasons) unloads.labels({ model, reason }).inc(0);
  }

  /** What the model's worker said. */
  onModel(model: Model): void {
    gauges.resident.set(this.#labels, model.state === ModelState.RESIDENT ? 1 : 0);
    gauges.slots.set(this.#labels, model.state === ModelState.RESIDENT ? (model.details?.slots ?? 0) : 0);
    for (const part of model.memory) {
      this.#devices.add(part.device);
      for (const [kind, bytes] of memoryKinds) memory.set({ ...this.#labels, device: part.device, kind }, bytes(part));
    }
    if (model.stats !== undefined) this.#onStats(model.stats);
    else for (const name of ["slotsBusy", "kvUsage", "promptCache"] as const) gauges[name].set(this.#labels, 0);
  }

  /** It is not served any more: its series end. */
  remove(): void {
    for (const metric of [...Object.values(gauges), ...Object.values(counters), ...Object.values(residency), restarts])
      metric.remove(this.#labels);
    for (const reason of unloadReasons) unloads.remove({ ...this.#labels, reason });
    for (const device of this.#devices)
      for (const [kind] of memoryKinds) memory.remove({ ...this.#labels, device, kind });
  }

  /** It came into memory. */
  onLoaded(tookMs: number): void {
    residency.loads.inc(this.#labels);
    residency.loadSeconds.inc(this.#labels, tookMs / 1000);
  }

  onLoadFailed(): void {
    residency.loadFailures.inc(this.#labels);
  }

  /** It came in the place of another. */
  onSwitch(): void {
    residency.switches.inc(this.#labels);
  }

  /** A request was refused, as there is no memory for it. */
  onRefused(): void {
    residency.refusals.inc(this.#labels);
  }

  /** It is to leave memory. */
  onUnload(reason: UnloadReason): void {
    unloads.inc({ ...this.#labels, reason });
    if (reason === "room") residency.evictions.inc(this.#labels);
  }

  onCounts({ running, waiting }: SchedulerCounts): void {
    gauges.running.set(this.#labels, running);
    gauges.waiting.set(this.#labels, waiting);
  }

  /** A new process of the model was started; `again`: in the place of one that had ended unasked. */
  onProcess({ again }: { readonly again: boolean }): void {
    this.#deltas.restart();
    if (again) restarts.inc(this.#labels);
  }

  get #labels() {
    return { model: this.#model };
  }

  #onStats(stats: EngineStats): void {
    gauges.slotsBusy.set(this.#labels, stats.busySlots);
    gauges.kvUsage.set(this.#labels, stats.kvCells === 0n ? 0 : Number(stats.kvCellsUsed) / Number(stats.kvCells));
    gauges.promptCache.set(this.#labels, Number(stats.promptCacheBytes));
    const grown = Object.fromEntries(
      engineCounters.map((name) => [name, this.#deltas.add(name, Number(stats[name]))]),
    ) as Record<EngineCounter, number>;
    for (const name of engineCounters)
      counters[name].inc(this.#labels, name.endsWith("Ms") ? grown[name] / 1000 : grown[name]);
    this.#batch.add(grown.decodedSequences, grown.decodeSteps, performance.now());
    gauges.meanBatch.set(this.#labels, this.#batch.value);
  }
}
