import type { Logger } from "pino";
import type { Model } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import { describeBytes } from "../models/format-bytes.ts";
import { ModelMetrics } from "../metrics/model-metrics.ts";
import type { DeviceBytes } from "../scheduler/device-bytes.ts";
import type { UnloadReason } from "../scheduler/ticket.ts";
import { describeLoad } from "../supervisor/describe-load.ts";

interface Entry {
  readonly metrics: ModelMetrics;
  /** When it was last told that there is room for it. */
  proceededMs: number | undefined;
  /** Why it left last, and what it held. */
  parting: { readonly reason: UnloadReason; readonly held: DeviceBytes } | undefined;
}

/** Tells of each load, unload and failure: in the log, with bytes and milliseconds, and in the metrics. */
export class LoadJournal {
  readonly #log: Logger;
  readonly #entries = new Map<string, Entry>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** There is a model. */
  add(id: string): void {
    this.#entries.set(id, { metrics: new ModelMetrics(id), proceededMs: undefined, parting: undefined });
  }

  /** It is no more. */
  remove(id: string): void {
    this.#entries.get(id)?.metrics.remove();
    this.#entries.delete(id);
  }

  metrics(id: string): ModelMetrics | undefined {
    return this.#entries.get(id)?.metrics;
  }

  onProceed(id: string, nowMs: number): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.proceededMs = nowMs;
  }

  /** It is in memory, so long after its process was started. */
  onReady(model: Model, { tookMs, nowMs, measured }: { tookMs: number; nowMs: number; measured?: DeviceBytes }): void {
    const { id } = model;
    const entry = this.#entries.get(id);
    const readMs = nowMs - (entry?.proceededMs ?? nowMs);
    const text = describeLoad(model, { tookMs, readMs, measured });
    this.#log.info({ model: id, tookMs, readMs, measured }, text);
    entry?.metrics.onLoaded(tookMs);
  }

  onFailed(id: string, message: string): void {
    this.#log.error({ model: id }, `model "${id}" could not be loaded: ${message}`);
    this.#entries.get(id)?.metrics.onLoadFailed();
  }

  /** It begins to leave. */
  onLeaving(id: string, { reason, held }: { readonly reason: UnloadReason; readonly held: DeviceBytes }): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.parting = { reason, held };
    entry?.metrics.onUnload(reason);
    this.#log.debug({ model: id, reason, held }, `model "${id}" leaves memory`);
  }

  /** It has left. */
  onUnloaded(id: string, ttl: number | undefined): void {
    const { reason, held } = this.#entries.get(id)?.parting ?? {};
    const bytes = held === undefined ? "" : describeBytes(held);
    const freed = bytes === "" ? "" : ` (${bytes} free again)`;
    this.#log.info({ model: id, reason, held }, `model "${id}" unloaded: ${whyUnloaded(reason, ttl)}${freed}`);
  }
}

function whyUnloaded(reason: UnloadReason | undefined, ttl: number | undefined): string {
  switch (reason) {
    case "room":
      return "another model needs its memory";
    case "asked":
      return "on request";
    case "abandoned":
      return "nobody waits for it any more";
    default:
      return `no request for ${ttl} s`;
  }
}
