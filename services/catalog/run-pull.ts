import { Worker } from "node:worker_threads";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import type { PullFile, PullProgress } from "./pull-file.ts";

/** What the thread that downloads says. */
export type PullMessage =
  | { readonly type: "progress"; readonly progress: PullProgress }
  | { readonly type: "done" }
  /** `reason` unset: a bug. */
  | { readonly type: "failed"; readonly message: string; readonly reason: ErrorReason | undefined };

/** From compiled code the entry is compiled too. */
const entry = new URL(import.meta.url.endsWith(".ts") ? "./pull-thread.ts" : "./pull-thread.js", import.meta.url);

/**
 * Downloads the files of a model, one after another, in a thread of its own, and yields how far it is. Leaving the
 * iteration, or aborting `signal` (its reason is thrown), stops it and keeps what has come. Throws MODEL_LOAD_FAILED.
 */
export async function* runPull(
  files: readonly PullFile[],
  signal: AbortSignal,
): AsyncGenerator<PullProgress, void, void> {
  signal.throwIfAborted();
  const thread = new Worker(entry, { workerData: files });
  const ended = new Promise<void>((resolve) => thread.once("exit", () => resolve()));
  const messages: PullMessage[] = [];
  let wake = () => {};
  const put = (message: PullMessage) => {
    // Of progress only the last counts.
    if (messages.at(-1)?.type === "progress") messages.pop();
    messages.push(message);
    wake();
  };
  thread.on("message", put);
  thread.on("error", (error) => put({ type: "failed", message: String(error), reason: undefined }));
  const abort = () => wake();
  signal.addEventListener("abort", abort, { once: true });
  try {
    for (;;) {
      if (messages.length === 0 && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      signal.throwIfAborted();
      const message = messages.shift();
      if (message?.type === "done") return;
      if (message?.type === "failed") throw new RpcError(message.reason ?? ErrorReason.INTERNAL, message.message);
      if (message !== undefined) yield message.progress;
    }
  } finally {
    signal.removeEventListener("abort", abort);
    // It stops at once and keeps what it has written.
    thread.postMessage("stop");
    await ended;
  }
}
