import type { ServerResponse } from "node:http";
import { ErrorReason, RpcError } from "../clients/errors.ts";

export interface SendEventsOptions {
  /** Aborted when the client has left or the work must end. The source ends by itself then: it has this signal too. */
  readonly signal: AbortSignal;
  /** A comment is sent after so long a silence; undefined: never. */
  readonly pingIntervalMs: number | undefined;
  /** A client that takes nothing for so long is cut off. */
  readonly stallTimeoutMs: number;
  /** Called once, before the head is sent: the last moment for headers. */
  readonly onHead: () => void;
  /** What the client is told of an error after the head. */
  readonly toErrorFrame: (error: unknown) => unknown;
}

const headers = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  // Nginx would hold small events back.
  "x-accel-buffering": "no",
};

/**
 * Sends a stream of JSON values as server-sent events, then `[DONE]`, and resolves when the answer has ended.
 *
 * The head waits for the first value: a source that fails before rejects the promise, and nothing has been sent. Only
 * when a ping is due first is the head sent without one. An error after the head becomes one error event and the end,
 * without `[DONE]`. When the client leaves or stalls, the source is left and the promise rejects.
 *
 * The source is read only as fast as the client reads. An event is never split over two writes; those that are there
 * in one turn of the event loop share one.
 */
export async function sendEvents(
  res: ServerResponse,
  source: AsyncIterable<unknown>,
  options: SendEventsOptions,
): Promise<void> {
  const writer = new EventWriter(res, options);
  const ping = startPings(writer, options.pingIntervalMs);
  try {
    for await (const value of source) {
      writer.write(`data: ${JSON.stringify(value)}\n\n`);
      ping?.refresh();
      if (writer.mustWait) await writer.flushed();
    }
    options.signal.throwIfAborted();
    await writer.end("data: [DONE]\n\n");
  } catch (error) {
    if (!writer.begun || !writer.open) throw error;
    await writer.end(`data: ${JSON.stringify(options.toErrorFrame(error))}\n\n`);
  } finally {
    clearTimeout(ping);
  }
}

function startPings(writer: EventWriter, intervalMs: number | undefined): NodeJS.Timeout | undefined {
  if (intervalMs === undefined) return undefined;
  const timer = setTimeout(() => {
    // A reader that is behind has enough to read.
    if (writer.open && !writer.mustWait) writer.write(`: ping - ${new Date().toISOString()}\n\n`);
    timer.refresh();
  }, intervalMs);
  return timer;
}

/** So much may wait for the turn's one write before the source has to. */
const maxPendingLength = 64 * 1_024;

/** The response as a place for whole events: it sends the head, gathers the events of a turn, and knows the reader's pace. */
class EventWriter {
  readonly #res: ServerResponse;
  readonly #options: SendEventsOptions;
  #pending = "";
  #scheduled: NodeJS.Immediate | undefined;
  #blocked = false;
  begun = false;

  constructor(res: ServerResponse, options: SendEventsOptions) {
    this.#res = res;
    this.#options = options;
  }

  /** Whether anybody can still be told anything. */
  get open(): boolean {
    return !this.#res.destroyed && !this.#res.writableEnded;
  }

  get mustWait(): boolean {
    return this.#blocked || this.#pending.length > maxPendingLength;
  }

  write(event: string): void {
    this.#begin();
    this.#pending += event;
    this.#scheduled ??= setImmediate(() => this.#flush());
  }

  /** Resolves when the client has caught up; rejects when it leaves, and cuts it off when it stalls. */
  async flushed(): Promise<void> {
    this.#flush();
    if (!this.#blocked) return;
    const { signal, stallTimeoutMs } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => reject(signal.reason);
    const stall = setTimeout(() => {
      reject(new RpcError(ErrorReason.CANCELLED, `the client took nothing for ${stallTimeoutMs} ms`));
      this.#res.destroy();
    }, stallTimeoutMs);
    const onDrain = () => resolve();
    this.#res.once("drain", onDrain);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      await promise;
      this.#blocked = false;
    } finally {
      clearTimeout(stall);
      this.#res.off("drain", onDrain);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Sends what is left and this event, and resolves when the client has it all or is gone. */
  async end(event: string): Promise<void> {
    this.#begin();
    clearImmediate(this.#scheduled);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#res.once("close", resolve);
    const stall = setTimeout(() => this.#res.destroy(), this.#options.stallTimeoutMs);
    this.#res.end(this.#pending + event, resolve);
    this.#pending = "";
    await promise;
    clearTimeout(stall);
    this.#res.off("close", resolve);
  }

  #begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.#options.onHead();
    this.#res.writeHead(200, headers);
  }

  #flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const text = this.#pending;
    this.#pending = "";
    if (text !== "" && this.open && !this.#res.write(text)) this.#blocked = true;
  }
}
