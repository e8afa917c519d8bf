import { setTimeout as sleep } from "node:timers/promises";
import type { CallOptions } from "../../clients/create-client.ts";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import type { CallContext } from "../rpc/call-context.ts";
import type { WorkerLife } from "../supervisor/worker-connection.ts";
import { turnHeader } from "../worker/worker-start.ts";
import type { Admission, AdmissionRequest, Lease } from "./admission.ts";
import type { Interrupts } from "./interrupts.ts";
import { RelayedEvent, type EventSchema } from "./relayed-event.ts";

/** Where requests go: who may run, and the process to call once one may. */
export interface ForwardTarget {
  readonly admission: Admission;
  /** The model's process, while it is resident. */
  life(model: string): WorkerLife | undefined;
  /** Unset: generations never interrupt each other. */
  readonly interrupts?: Interrupts;
}

export type ForwardRequest = Pick<AdmissionRequest, "model" | "lane" | "places">;

export interface ForwardStreamRequest<Desc extends EventSchema> extends ForwardRequest {
  /** Of the stream's events. */
  readonly schema: Desc;
}

/** A connection breaks some milliseconds before its process is reaped. */
const reapMs = 150;

/**
 * Runs a generation on the model's worker and passes its events on as they are. Waits for its turn first, also while
 * the model loads. A worker that is lost before anything but `started` was passed on is replaced once, unseen by the
 * caller; later, and when a stream ends without `finished` for each choice, it is one WORKER_LOST error.
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
  target.interrupts?.arrive(request.model, context.requestId);
  using lease = await admit(target, request, context);
  let started = false;
  let answered = false;
  for (let attempt = 1; ; attempt++) {
    const life = await lifeOf(target, request.model, lease, context.signal);
    const unfinished = new Set(Array.from({ length: request.places }, (_, choice) => choice));
    try {
      for await (const bytes of open(life, callOptions(context, life, target.interrupts?.next()))) {
        const event = new RelayedEvent(request.schema, bytes);
        if (event.kind === "started") {
          if (started) continue;
          started = true;
          tellUnenforced(event, context);
        } else if (event.kind !== "progress") {
          answered = true;
          if (event.kind === "finished") unfinished.delete(event.choice);
        }
        yield event;
      }
      if (unfinished.size === 0) return;
      throw new RpcError(ErrorReason.WORKER_LOST, "the worker's stream ended before its answer did");
    } catch (error) {
      await retryAfter(error, { life, lease, context, mayRetry: !answered && attempt === 1 });
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

/** A call with one answer on the model's worker, with the same turn-taking; a lost worker is replaced once. */
export async function forwardUnary<T>(
  target: ForwardTarget,
  request: ForwardRequest,
  context: CallContext,
  call: (life: WorkerLife, options: CallOptions) => Promise<T>,
): Promise<T> {
  using lease = await admit(target, request, context);
  for (let attempt = 1; ; attempt++) {
    const life = await lifeOf(target, request.model, lease, context.signal);
    try {
      return await call(life, callOptions(context, life));
    } catch (error) {
      await retryAfter(error, { life, lease, context, mayRetry: attempt === 1 });
    }
  }
}

interface Retry {
  readonly life: WorkerLife;
  readonly lease: Lease;
  readonly context: CallContext;
  readonly mayRetry: boolean;
}

/** Returns when the call may be made again, on another process; throws what the caller must be told otherwise. */
async function retryAfter(error: unknown, { life, lease, context, mayRetry }: Retry): Promise<void> {
  const { signal } = context;
  signal.throwIfAborted();
  if (!(error instanceof RpcError) || error.reason !== ErrorReason.WORKER_LOST) throw error;
  if (!(await isLost(life.lost))) throw error;
  // In the words of the process's end, which say more than those of a broken connection.
  if (!mayRetry) throw life.lost.reason;
  await lease.again(signal);
}

async function isLost(lost: AbortSignal): Promise<boolean> {
  if (!lost.aborted) await sleep(reapMs, undefined, { signal: lost }).catch(() => undefined);
  return lost.aborted;
}

function admit(target: ForwardTarget, request: ForwardRequest, context: CallContext): Promise<Lease> {
  const { model, lane, places } = request;
  return target.admission.admit({ model, lane, places, deadline: context.deadline }, context.signal);
}

/** The process to call. It may have ended since the grant: then the turn was lost with it and comes again. */
async function lifeOf(target: ForwardTarget, model: string, lease: Lease, signal: AbortSignal): Promise<WorkerLife> {
  for (;;) {
    const life = target.life(model);
    if (life !== undefined) return life;
    await lease.again(signal);
  }
}

/** The worker's call ends with ours and with its process, and carries our caller's deadline and request id. */
function callOptions({ signal, deadline, requestId }: CallContext, life: WorkerLife, turn?: number): CallOptions {
  return {
    signal: AbortSignal.any([signal, life.lost]),
    timeoutMs: deadline === undefined ? undefined : Math.max(1, deadline - Date.now()),
    metadata: { "x-request-id": requestId, ...(turn !== undefined && { [turnHeader]: String(turn) }) },
  };
}
