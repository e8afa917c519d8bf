import type { Attributes, Span, SpanContext } from "@opentelemetry/api";
import { ROOT_CONTEXT, SpanStatusCode } from "@opentelemetry/api";
import type { Logger } from "pino";
import { attr, spanName } from "../../clients/tracing/names.ts";
import { startSpan } from "../../clients/tracing/tracer.ts";
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
  /** Another model left for it since it was last in memory. */
  switches: boolean;
  /** Of its last load; it has ended when the model is in memory, or has failed to be. */
  load: Span | undefined;
  /** Why it left last, and what it held. */
  parting: (Parting & { readonly atMs: number; readonly span: Span }) | undefined;
}

/** How a model begins to leave memory. */
export interface Parting {
  readonly reason: UnloadReason;
  readonly held: DeviceBytes;
  /** The model that needs its room. */
  readonly by?: string | undefined;
}

/**
 * Tells of each load, unload, failure and refusal: in the log, with bytes and milliseconds, in the metrics, and as spans
 * of traces of their own, to which those link that waited.
 */
export class LoadJournal {
  readonly #log: Logger;
  readonly #entries = new Map<string, Entry>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** There is a model. */
  add(id: string): void {
    const metrics = new ModelMetrics(id);
    this.#entries.set(id, { metrics, proceededMs: undefined, switches: false, load: undefined, parting: undefined });
  }

  /** It is gone. */
  remove(id: string): void {
    this.#entries.get(id)?.metrics.remove();
    this.#entries.delete(id);
  }

  metrics(id: string): ModelMetrics | undefined {
    return this.#entries.get(id)?.metrics;
  }

  /** The span of its last load. */
  loadSpan(id: string): SpanContext | undefined {
    return this.#entries.get(id)?.load?.spanContext();
  }

  /** Its process is started. */
  onLoading(id: string): void {
    const entry = this.#entries.get(id);
    entry?.load?.end();
    if (entry !== undefined) entry.load = spanOf(spanName.load, id);
  }

  /** There is room for it. */
  onProceed(id: string, nowMs: number): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) entry.proceededMs = nowMs;
    entry?.load?.addEvent("proceed");
  }

  /** It is in memory, so long after its process was started. */
  onReady(model: Model, { tookMs, nowMs, measured }: { tookMs: number; nowMs: number; measured?: DeviceBytes }): void {
    const { id } = model;
    const entry = this.#entries.get(id);
    const readMs = nowMs - (entry?.proceededMs ?? nowMs);
    const text = describeLoad(model, { tookMs, readMs, measured });
    this.#log.info({ model: id, tookMs, readMs, measured }, text);
    if (entry === undefined) return;
    entry.metrics.onLoaded(tookMs);
    if (entry.switches) entry.metrics.onSwitch();
    entry.switches = false;
    entry.load?.setAttributes(memoryAttributes(measured));
    entry.load?.end();
  }

  onFailed(id: string, message: string): void {
    const entry = this.#entries.get(id);
    const tookMs = Math.round(performance.now() - (entry?.proceededMs ?? performance.now()));
    this.#log.error({ model: id, tookMs }, `model "${id}" could not be loaded: ${message}`);
    entry?.metrics.onLoadFailed();
    entry?.load?.setStatus({ code: SpanStatusCode.ERROR, message });
    entry?.load?.end();
  }

  /** A request was refused, as there is no memory for its model. */
  onRefused(id: string, message: string): void {
    this.#log.warn({ model: id }, `a request was refused: ${message}`);
    this.#entries.get(id)?.metrics.onRefused();
  }

  /** It begins to leave. */
  onLeaving(id: string, parting: Parting): void {
    const { reason, held, by } = parting;
    const next = by === undefined ? undefined : this.#entries.get(by);
    if (next !== undefined) next.switches = true;
    const entry = this.#entries.get(id);
    if (entry !== undefined) {
      const span = spanOf(spanName.unload, id, { [attr.unloadReason]: reason, ...memoryAttributes(held) });
      entry.parting = { ...parting, atMs: performance.now(), span };
      // One that had not come yet does not come any more.
      entry.load?.end();
      entry.metrics.onUnload(reason);
    }
    this.#log.debug({ model: id, reason, held }, `model "${id}" leaves memory`);
  }

  /** It has left. */
  onUnloaded(id: string, ttl: number | undefined): void {
    const parting = this.#entries.get(id)?.parting;
    const bytes = parting === undefined ? "" : describeBytes(parting.held);
    const freed = bytes === "" ? "" : ` (${bytes} free again)`;
    const tookMs = parting === undefined ? undefined : Math.round(performance.now() - parting.atMs);
    parting?.span.end();
    const { reason, held } = parting ?? {};
    this.#log.info({ model: id, reason, held, tookMs }, `model "${id}" unloaded: ${whyUnloaded(parting, ttl)}${freed}`);
  }
}

function whyUnloaded(parting: Parting | undefined, ttl: number | undefined): string {
  switch (parting?.reason) {
    case "room":
      return parting.by === undefined
        ? "there is less memory than models take"
        : `model "${parting.by}" needs its memory`;
    case "asked":
      return "on request";
    case "abandoned":
      return "no request is waiting for it any more";
    default:
      return `no request for ${ttl} s`;
  }
}

/** A span of a trace of its own: a load is shared by all who wait for it. */
function spanOf(name: string, id: string, attributes: Attributes = {}): Span {
  return startSpan(`${name} ${id}`, { attributes: { [attr.genAiRequestModel]: id, ...attributes } }, ROOT_CONTEXT);
}

function memoryAttributes(bytes: DeviceBytes = {}): Attributes {
  const entries = Object.entries(bytes).map(([device, amount]) => [`${attr.modelMemory}.${device}`, amount] as const);
  return Object.fromEntries(entries);
}
