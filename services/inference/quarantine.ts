import { ErrorReason, RpcError } from "../../clients/errors.ts";

/** A request, as one that did harm is known again: the same bytes for the same model. */
export type RequestDigest = string;

/** Workers that one request may cost, before it is taken for their killer. */
const maxLost = 2;
/** How long a loss is remembered, and a killer refused. */
const memoryMs = 120_000;
/** Of as many requests losses are remembered; the oldest is forgotten first. */
const maxRequests = 1_000;

interface Losses {
  /** One worker that dies takes many calls with it, perhaps several of the same request. */
  readonly workers: Set<object>;
  lastMs: number;
}

/**
 * Knows the requests that were at work in workers when these died, and refuses for a while what was in two of them with
 * no success in between. Costs nothing while no worker has died lately. Times come with the events.
 */
export class Quarantine {
  /** In the order of the last loss. */
  readonly #losses = new Map<RequestDigest, Losses>();

  /** Throws QUARANTINED when the request is refused. `digest`: computed only when a worker has died lately. */
  check(digest: () => RequestDigest, nowMs: number): void {
    this.#forget(nowMs);
    if (this.#losses.size === 0) return;
    const losses = this.#losses.get(digest());
    if (losses === undefined || losses.workers.size < maxLost) return;
    const retryAfterMs = Math.ceil(losses.lastMs + memoryMs - nowMs);
    const message =
      `the last ${maxLost} workers that ran this request died of it, or beside it: it is refused for another ` +
      `${Math.ceil(retryAfterMs / 1000)} s; change it, or ask the operator what the server's log says`;
    throw new RpcError(ErrorReason.QUARANTINED, message, { retryAfterMs });
  }

  /** The request was at work in a worker that died. */
  lost(digest: RequestDigest, worker: object, nowMs: number): void {
    const losses = this.#losses.get(digest) ?? { workers: new Set(), lastMs: nowMs };
    losses.workers.add(worker);
    losses.lastMs = nowMs;
    this.#losses.delete(digest);
    this.#losses.set(digest, losses);
    const [oldest] = this.#losses.keys();
    if (this.#losses.size > maxRequests && oldest !== undefined) this.#losses.delete(oldest);
  }

  /** The request was answered: it is not what kills. */
  answered(digest: () => RequestDigest): void {
    if (this.#losses.size > 0) this.#losses.delete(digest());
  }

  #forget(nowMs: number): void {
    for (const [digest, { lastMs }] of this.#losses) {
      if (nowMs - lastMs < memoryMs) return;
      this.#losses.delete(digest);
    }
  }
}
