import { Worker } from "node:worker_threads";
import { MediaFault } from "../media-fault.ts";

export interface WebpQuestion {
  readonly id: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

export interface DecodedWebp {
  readonly id: number;
  /** undefined: the picture is broken. */
  readonly bmp: Uint8Array<ArrayBuffer> | undefined;
}

export interface WebpDecoder {
  /** A picture as a BMP, which engines read. Throws a MediaFault on one that is broken, or takes too long. */
  decode(data: Uint8Array): Promise<Uint8Array>;
}

/** The largest pictures that are served take a few seconds on a slow machine. */
const timeoutMs = 30_000;
/** A codec keeps the memory of its largest picture, so the thread ends when it has had nothing to do for so long. */
const idleMs = 10_000;

type Settle = PromiseWithResolvers<Uint8Array>;

/** Decodes in a thread of its own, which is begun by the first picture and does not keep the process alive. */
export function createWebpDecoder(): WebpDecoder {
  const waiting = new Map<number, Settle>();
  let thread: Worker | undefined;
  let lastId = 0;
  let idle: NodeJS.Timeout | undefined;

  function end(ended: Worker, fault: string): void {
    if (thread !== ended) return;
    thread = undefined;
    void ended.terminate();
    for (const { reject } of waiting.values()) reject(new MediaFault(fault));
    waiting.clear();
  }

  function begin(): Worker {
    const entry = import.meta.url.endsWith(".ts") ? "./webp-thread.ts" : "./webp-thread.js";
    const begun = new Worker(new URL(entry, import.meta.url));
    begun.unref();
    begun.on("message", ({ id, bmp }: DecodedWebp) => {
      if (bmp === undefined) waiting.get(id)?.reject(new MediaFault("is a WebP with broken data"));
      else waiting.get(id)?.resolve(bmp);
    });
    begun.on("error", () => end(begun, "is a WebP that the decoder fails on"));
    begun.on("exit", () => end(begun, "is a WebP that the decoder fails on"));
    return begun;
  }

  return {
    async decode(data) {
      clearTimeout(idle);
      const id = ++lastId;
      const asked = (thread ??= begin());
      const settle = Promise.withResolvers<Uint8Array>();
      waiting.set(id, settle);
      // A copy, since a request's bytes are part of a larger piece of memory, which would be sent whole.
      const copy = new Uint8Array(data);
      asked.postMessage({ id, data: copy } satisfies WebpQuestion, [copy.buffer]);
      const timer = setTimeout(() => end(asked, "is a WebP that takes too long to decode"), timeoutMs);
      try {
        return await settle.promise;
      } finally {
        clearTimeout(timer);
        waiting.delete(id);
        if (waiting.size === 0) idle = setTimeout(() => end(asked, ""), idleMs).unref();
      }
    },
  };
}
