import { ErrorReason, RpcError } from "../clients/errors.ts";

/**
 * How the server ends: while draining, new requests are refused and running ones go on; after `endNow` those are
 * aborted too. Both are one-way.
 */
export class Lifecycle {
  readonly #end = new AbortController();
  #draining = false;

  get draining(): boolean {
    return this.#draining;
  }

  /** Aborted, with the error for the callers, when running requests must end. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  drain(): void {
    this.#draining = true;
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
