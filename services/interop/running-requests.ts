import { ErrorReason, invalidParameter, RpcError } from "../../clients/errors.ts";

/** A request while it runs. */
export interface RunningRequest extends Disposable {
  /** Aborted with the call, and by an abort of its id. */
  readonly signal: AbortSignal;
  /** It was an abort of its id. */
  readonly aborted: boolean;
}

/** Requests that can be aborted by their caller's id for them, which only they have while they run. */
export class RunningRequests {
  readonly #byId = new Map<string, AbortController>();
  /** When the last one came, in ms since 1970; 0: never. */
  lastMs = 0;

  /** Throws INVALID_PARAMETER when another one of this id runs. Without an id nobody can abort it. */
  enter(id: string, signal: AbortSignal): RunningRequest {
    this.lastMs = Date.now();
    if (this.#byId.has(id)) throw invalidParameter("request_id", `a request "${id.slice(0, 100)}" is running`);
    const abort = new AbortController();
    if (id !== "") this.#byId.set(id, abort);
    return {
      signal: AbortSignal.any([signal, abort.signal]),
      get aborted() {
        return abort.signal.aborted && !signal.aborted;
      },
      [Symbol.dispose]: () => {
        if (this.#byId.get(id) === abort) this.#byId.delete(id);
      },
    };
  }

  /** A no-op for an id that is not running. */
  abort(id: string): void {
    this.#byId.get(id)?.abort(new RpcError(ErrorReason.CANCELLED, "the request was aborted by its id"));
  }
}
