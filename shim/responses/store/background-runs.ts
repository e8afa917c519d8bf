import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import type { ResponseEvent } from "../from-proto/response-events.ts";
import { now, type ResponseObject } from "../from-proto/response.ts";
import type { OutputItem } from "../from-proto/output-item.ts";
import { EventLog } from "./event-log.ts";

/** So many responses are made at once that nobody waits for; each holds its stream in memory. */
const maxRuns = 64;

/** A response that is being made in the background. */
export class BackgroundRun {
  readonly caller: string;
  readonly log = new EventLog<ResponseEvent>();
  readonly #cancel = new AbortController();
  #response: ResponseObject;
  readonly #items: OutputItem[] = [];
  isDiscarded = false;

  constructor(caller: string, response: ResponseObject) {
    this.caller = caller;
    this.#response = response;
  }

  /** Aborted when it is cancelled. */
  get signal(): AbortSignal {
    return this.#cancel.signal;
  }

  /** The response as it is now, with the items that are whole. */
  get response(): ResponseObject {
    return { ...this.#response, output: this.#response.output.length > 0 ? this.#response.output : this.#items };
  }

  note(event: ResponseEvent): void {
    if ("response" in event) this.#response = event["response"] as ResponseObject;
    if (event.type === "response.output_item.done") this.#items.push(event["item"] as OutputItem);
    this.log.push(event);
  }

  /** It is not to be kept. */
  discard(): void {
    this.isDiscarded = true;
    this.cancel();
  }

  cancel(): void {
    this.#response = { ...this.response, status: "cancelled", completed_at: now() };
    this.#cancel.abort(new RpcError(ErrorReason.CANCELLED, "the response was cancelled"));
  }
}

/** The responses that are being made in the background, by id. */
export class BackgroundRuns {
  readonly #runs = new Map<string, BackgroundRun>();

  /** Throws OVERLOADED when there are too many. */
  start(caller: string, response: ResponseObject): BackgroundRun {
    if (this.#runs.size >= maxRuns) {
      const message = `${maxRuns} responses are being made in the background already: try again later`;
      throw new RpcError(ErrorReason.OVERLOADED, message, { param: "background" });
    }
    const run = new BackgroundRun(caller, response);
    this.#runs.set(response.id, run);
    return run;
  }

  end(id: string): void {
    this.#runs.get(id)?.log.end();
    this.#runs.delete(id);
  }

  get(caller: string, id: string): BackgroundRun | undefined {
    const run = this.#runs.get(id);
    return run?.caller === caller ? run : undefined;
  }
}
