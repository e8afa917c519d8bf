import { type SpanContext, trace } from "@opentelemetry/api";
import { setTimeout as sleep } from "node:timers/promises";
import type { CallOptions } from "../../clients/create-client.ts";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import type { CallContext } from "../rpc/call/call-context.ts";
import type { WorkerLife } from "../supervisor/worker-connection.ts";
import { turnHeader } from "../protocol/worker-messages.ts";
import type { Admission, AdmissionRequest, Lease } from "./admission.ts";
import type { Interrupts } from "./interrupts.ts";
import type { Quarantine, RequestDigest } from "./quarantine.ts";
import { RelayedEvent, type EventSchema } from "./relayed-event.ts";
import { tellLoading } from "./tell-loading.ts";

/** Where requests go: who may run, and the process to call once one may. */
export interface ForwardTarget {
  readonly admission: Admission;
  /** The model's process, while it is resident. */
  life(model: string): WorkerLife | undefined;
  readonly quarantine: Quarantine;
  /** Unset: nobody is told of loads. */
  readonly loads?: LoadNews;
  /** Unset: generations never interrupt each other. */
  readonly interrupts?: Interrupts;
}

/** What is known of models that are not in memory. */
export interface LoadNews {
  /** How far a model's load has come, 0 to 1, and 0 while it waits for room; undefined: the model is in memory. */
  progress(model: string): number | undefined;
  /** The span of its last load. */
  span(model: string): SpanContext | undefined;
}

export interface ForwardRequest extends Pick<AdmissionRequest, "model" | "lane" | "places"> {
  readonly digest: () => RequestDigest;
  /** What is to be done before the request waits for its turn; unset: nothing. */
  readonly prepare?: ((signal: AbortSignal) => Promise<void>) | undefined;
}

export interface ForwardStreamRequest<Desc extends EventSchema> extends ForwardRequest {
  /** Of the stream's events. */
  readonly schema: Desc;
}

const reapMs = 150;

/**
 * Runs a generation on the model's worker and passes its events on as they are. Waits for its turn first, also while
 * the model loads. A worker that dies before it has begun with the request is replaced, unseen by the caller; when the
 * request was at work there, and when a stream ends without `finished` for each choice, it is one WORKER_LOST error: what
 * may have ended one worker is not handed to the next.
 *
 * Its places are given back when the worker's stream is over here. A worker whose call was cancelled still finishes its
 * present decode step; a newcomer that is let in meanwhile waits that step in the engine, which never runs more than its
 * slots.
 */
export async function* forwardStream<Desc extends EventSchema>(
  target: ForwardTarget,
  request: ForwardStreamRequest<Desc>,
  context: CallContext,
  open: (life: WorkerLife, options: CallOptions) => AsyncIterable<Uint8Array>,
): AsyncGenerator<RelayedEvent<Desc>, void, void> {
  target.quarantine.check(request.digest, performance.now());
  await request.prepare?.(context.signal);
  target.interrupts?.arrive(request.model, context.requestId);
  using lease = yield* admitTelling(target, request, context);
  for (;;) {
    const visit = await visitWorker(target, request, context, lease);
    const unfinished = new Set(Array.from({ length: request.places }, (_, choice) => choice));
    try {
      for await (const bytes of open(visit.life, visit.options)) {
        const event = new RelayedEvent(request.schema, bytes);
        if (event.kind === "started") tellUnenforced(event, context);
        if (event.kind === "finished") unfinished.delete(event.choice);
        yield event;
      }
      if (unfinished.size > 0)
        throw new RpcError(ErrorReason.WORKER_LOST, "the worker's stream ended before the answer was complete");
      target.quarantine.answered(request.digest);
      return;
    } catch (error) {
      await visit.failed(error);
    }
  }
}

// Metadata has its limits; `started` has all of them.
const maxWarnings = 50;

/** What of the request's schemas is not enforced, in trailers: where those look who do not read events. */
function tellUnenforced(event: RelayedEvent, { addTrailer }: CallContext): void {
  for (const { param, pointer } of event.started()?.unenforced.slice(0, maxWarnings) ?? []) {
    const place = `${param}${pointer}`.replace(/[^\x20-\x7e]/g, (char) => encodeURIComponent(char.toWellFormed()));
    addTrailer("warning", `${place} is not enforced`);
  }
}

/** A call with one answer on the model's worker, with the same turn-taking. */
export async function forwardUnary<T>(
  target: ForwardTarget,
  request: ForwardRequest,
  context: CallContext,
  call: (life: WorkerLife, options: CallOptions) => Promise<T>,
): Promise<T> {
  target.quarantine.check(request.digest, performance.now());
  await request.prepare?.(context.signal);
  using lease = await admit(target, request, context);
  for (;;) {
    const visit = await visitWorker(target, request, context, lease);
    try {
      const answer = await call(visit.life, visit.options);
      target.quarantine.answered(request.digest);
      return answer;
    } catch (error) {
      await visit.failed(error);
    }
  }
}

/** A request's call on one worker. */
interface Visit {
  readonly life: WorkerLife;
  /** The call ends with our caller's and with the process, and carries our caller's deadline and request id. */
  readonly options: CallOptions;
  /** Resolves when the call may be made again, on another process; throws what the caller must be told otherwise. */
  failed(error: unknown): Promise<void>;
}

async function visitWorker(
  target: ForwardTarget,
  request: ForwardRequest,
  { signal, deadline, requestId }: CallContext,
  lease: Lease,
): Promise<Visit> {
  const life = await lifeOf(target, request.model, lease, signal);
  let atWork = false;
  const turn = request.lane === "generate" ? target.interrupts?.next() : undefined;
  life.noteRequest();
  return {
    life,
    options: {
      signal: AbortSignal.any([signal, life.lost]),
      timeoutMs: deadline === undefined ? undefined : Math.max(1, deadline - Date.now()),
      metadata: { "x-request-id": requestId, ...(turn !== undefined && { [turnHeader]: String(turn) }) },
      onHeaders: () => (atWork = true),
    },
    async failed(error) {
      signal.throwIfAborted();
      if (!isOfWorker(error)) throw error;
      const lost = await isLost(life.lost);
      if (atWork) {
        if (!lost) throw error;
        if (life.died) target.quarantine.lost(request.digest(), life, performance.now());
        // In the words of the process's end, which say more than those of a broken connection.
        throw life.lost.reason;
      }
      await lease.again(signal);
    },
  };
}

/** Whether the error may be of a worker that ends: it breaks the connection, or refuses what comes while it finishes the rest. */
function isOfWorker(error: unknown): boolean {
  if (!(error instanceof RpcError)) return false;
  return error.reason === ErrorReason.WORKER_LOST || error.reason === ErrorReason.SHUTTING_DOWN;
}

/** A connection breaks some milliseconds before its process is reaped. */
async function isLost(lost: AbortSignal): Promise<boolean> {
  if (!lost.aborted) await sleep(reapMs, undefined, { signal: lost }).catch(() => undefined);
  return lost.aborted;
}

/** Waits for the request's turn. Where its model was not in memory, its span links to that of the load. */
async function admit(
  { admission, loads }: ForwardTarget,
  { model, lane, places }: ForwardRequest,
  { deadline, signal }: Pick<CallContext, "deadline" | "signal">,
): Promise<Lease> {
  const waits = loads?.progress(model) !== undefined;
  try {
    return await admission.admit({ model, lane, places, deadline }, signal);
  } finally {
    const span = waits ? loads?.span(model) : undefined;
    if (span !== undefined) trace.getActiveSpan()?.addLink({ context: span });
  }
}

/** The same; the caller is told how the load goes. */
async function* admitTelling<Desc extends EventSchema>(
  target: ForwardTarget,
  request: ForwardStreamRequest<Desc>,
  { signal, deadline }: CallContext,
): AsyncGenerator<RelayedEvent<Desc>, Lease, void> {
  const { model, schema } = request;
  const left = new AbortController();
  const turn = admit(target, request, { deadline, signal: AbortSignal.any([signal, left.signal]) });
  const leave = () => {
    left.abort();
    // It may have been granted in the same moment.
    turn.then((lease) => lease[Symbol.dispose]()).catch(() => undefined);
  };
  return yield* tellLoading(turn, leave, { model, schema, progress: () => target.loads?.progress(model) });
}

/** The process to call. It may have ended since the grant: then the turn was lost with it and comes again. */
async function lifeOf(target: ForwardTarget, model: string, lease: Lease, signal: AbortSignal): Promise<WorkerLife> {
  for (;;) {
    const life = target.life(model);
    if (life !== undefined) return life;
    await lease.again(signal);
  }
}
