import type { ServerResponse } from "node:http";
import type { StreamFormat } from "./dialect/stream-format.ts";

export interface SendStreamOptions {
  readonly format: StreamFormat;
  /** Aborted when the client has left or stalls, or the work must end. The source ends by itself then: it has this signal too. */
  readonly signal: AbortSignal;
  /** A comment is sent after so long a silence; undefined: never. */
  readonly pingIntervalMs: number | undefined;
  /** What the request waits for, as a comment says it; undefined: for nothing but the next value. */
  readonly waitsFor?: () => string | undefined;
  /** Called once, before the head is sent: the last moment for headers. */
  readonly onHead: () => void;
  /** What the client is told of an error after the head. */
  readonly toErrorFrame: (error: unknown) => object;
}

const headers = {
  "cache-control": "no-cache",
  // Nginx would hold small events back.
  "x-accel-buffering": "no",
};

/**
 * Sends a stream of JSON values in its format, and resolves when the answer has ended.
 *
 * The head waits for the first value: a source that fails before rejects the promise, and nothing has been sent. Only
 * when a ping is due first is the head sent without one. An error after the head becomes one error frame and the end,
 * without what ends an answer. When the client leaves, the source is left and the promise rejects.
 *
 * The source is read only as fast as the client reads. A frame is never split over two writes; those that are there
 * in one turn of the event loop share one.
 */
export async function sendStream(
  res: ServerResponse,
  source: AsyncIterable<unknown>,
  options: SendStreamOptions,
): Promise<void> {
  const { format } = options;
  const writer = new FrameWriter(res, options);
  const pings = startPings(writer, options);
  try {
    for await (const value of source) {
      writer.write(format.frame(value));
      pings?.refresh();
      if (writer.mustWait) await writer.flushed();
    }
    options.signal.throwIfAborted();
    await writer.end(format.end);
  } catch (error) {
    if (!writer.begun || !writer.open) throw error;
    await writer.end(format.frame(options.toErrorFrame(error)));
  } finally {
    pings?.stop();
  }
}

interface Pings {
  /** Something else was sent. */
  refresh(): void;
  stop(): void;
}

/** Who waits for a model to be loaded is told so after this time; until then a load that fails is a plain answer. */
const waitingMs = 2_000;

function startPings(
  writer: FrameWriter,
  { format: { ping }, pingIntervalMs, waitsFor }: SendStreamOptions,
): Pings | undefined {
  if (pingIntervalMs === undefined || ping === undefined) return undefined;
  let sentMs = performance.now();
  const send = () => {
    const waiting = waitsFor?.();
    const isDue = waiting !== undefined || performance.now() - sentMs >= pingIntervalMs;
    // A reader that is behind has enough to read.
    if (isDue && writer.open && !writer.mustWait) {
      sentMs = performance.now();
      writer.write(ping(waiting ?? `ping - ${new Date().toISOString()}`));
    }
    timer.refresh();
  };
  const timer = setTimeout(send, Math.min(waitingMs, pingIntervalMs));
  return {
    refresh() {
      sentMs = performance.now();
      timer.refresh();
    },
    stop: () => clearTimeout(timer),
  };
}

/** So much may wait for the turn's one write before the source has to. */
const maxPendingLength = 64 * 1_024;

/** The response as a place for whole frames: it sends the head, gathers the frames of a turn, and knows the reader's pace. */
class FrameWriter {
  readonly #res: ServerResponse;
  readonly #options: SendStreamOptions;
  #pending = "";
  #scheduled: NodeJS.Immediate | undefined;
  begun = false;

  constructor(res: ServerResponse, options: SendStreamOptions) {
    this.#res = res;
    this.#options = options;
  }

  /** Whether anybody can still be told anything. */
  get open(): boolean {
    return !this.#res.destroyed && !this.#res.writableEnded;
  }

  get mustWait(): boolean {
    return this.#res.writableNeedDrain || this.#pending.length > maxPendingLength;
  }

  write(frame: string): void {
    this.#begin();
    this.#pending += frame;
    this.#scheduled ??= setImmediate(() => this.#flush());
  }

  /** Resolves when the client has caught up; rejects, with its reason, on the signal's abort. */
  async flushed(): Promise<void> {
    this.#flush();
    if (!this.#res.writableNeedDrain) return;
    const { signal } = this.#options;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => reject(signal.reason);
    const onDrain = () => resolve();
    this.#res.once("drain", onDrain);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      await promise;
    } finally {
      this.#res.off("drain", onDrain);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Sends what is left and this frame, and resolves when the client has it all or is gone. */
  async end(frame: string): Promise<void> {
    this.#begin();
    clearImmediate(this.#scheduled);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#res.once("close", resolve);
    this.#res.end(this.#pending + frame, resolve);
    this.#pending = "";
    await promise;
    this.#res.off("close", resolve);
  }

  #begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.#options.onHead();
    this.#res.writeHead(200, { ...headers, "content-type": this.#options.format.contentType });
  }

  #flush(): void {
    clearImmediate(this.#scheduled);
    this.#scheduled = undefined;
    const text = this.#pending;
    this.#pending = "";
    if (text !== "" && this.open) this.#res.write(text);
  }
}
