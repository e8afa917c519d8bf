import { Worker } from "node:worker_threads";
import type { SchemaVerdict } from "./check-schema.ts";

export interface CheckQuestion {
  readonly id: number;
  readonly schemaJson: string;
  readonly text: string;
}

export interface CheckAnswer {
  readonly id: number;
  readonly verdict: SchemaVerdict | undefined;
}

export interface SchemaChecker {
  /** Whether a text is valid under a schema; undefined where that cannot be told, or not in time. Never rejects. */
  check(schemaJson: string, text: string): Promise<SchemaVerdict | undefined>;
}

/** So many checks may wait; of more it is not told. */
const maxWaiting = 64;
/** Ordinary checks take milliseconds; a pattern may take for ever. */
const defaultTimeoutMs = 1_000;
const maxHeapMb = 128;

/** Checks answers in a thread of its own, which is begun with the first and does not keep the process alive. */
export function createSchemaChecker({ timeoutMs = defaultTimeoutMs } = {}): SchemaChecker {
  const waiting = new Map<number, (verdict: SchemaVerdict | undefined) => void>();
  let thread: Worker | undefined;
  let lastId = 0;

  /** The thread is lost, and with it what it was asked. */
  function lose(lost: Worker): void {
    if (thread !== lost) return;
    thread = undefined;
    for (const settle of waiting.values()) settle(undefined);
    waiting.clear();
  }

  function begin(): Worker {
    const entry = import.meta.url.endsWith(".ts") ? "./check-thread.ts" : "./check-thread.js";
    const begun = new Worker(new URL(entry, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
    });
    begun.unref();
    begun.on("message", ({ id, verdict }: CheckAnswer) => {
      waiting.get(id)?.(verdict);
      waiting.delete(id);
    });
    begun.on("error", () => lose(begun));
    begun.on("exit", () => lose(begun));
    return begun;
  }

  return {
    async check(schemaJson, text) {
      if (waiting.size >= maxWaiting) return undefined;
      const id = ++lastId;
      const asked = (thread ??= begin());
      const { promise, resolve } = Promise.withResolvers<SchemaVerdict | undefined>();
      waiting.set(id, resolve);
      asked.postMessage({ id, schemaJson, text } satisfies CheckQuestion);
      const timer = setTimeout(() => {
        lose(asked);
        void asked.terminate();
      }, timeoutMs);
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
      }
    },
  };
}
