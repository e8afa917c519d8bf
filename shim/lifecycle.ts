import { ErrorReason, RpcError } from "../clients/errors.ts";

/**
 * How the server ends: while draining, new requests are refused and running ones go on; after `endNow` those are
 * aborted too. Both are one-way.
 */
export class Lifecycle {
  readonly #drain = new AbortController();
  readonly #end = new AbortController();

  get draining(): boolean {
    return this.#drain.signal.aborted;
  }

  /** Aborted, with the error for the callers, when whatever has no end of its own must end. */
  get drainSignal(): AbortSignal {
    return this.#drain.signal;
  }

  /** Aborted, with the error for the callers, when running requests must end. */
  get endSignal(): AbortSignal {
    return this.#end.signal;
  }

  drain(): void {
    this.#drain.abort(shuttingDown());
  }

  endNow(): void {
    this.drain();
    this.#end.abort(shuttingDown());
  }
}

/** The refusal of a server that is about to end. */
export function shuttingDown(): RpcError {
  return new RpcError(ErrorReason.SHUTTING_DOWN, "the server is shutting down: try again on another one, or later");
}
