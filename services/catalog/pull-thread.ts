// The entry of a thread that downloads: hashing and writing gigabytes is not to delay anybody's answer.
import { parentPort, workerData } from "node:worker_threads";
import { RpcError } from "../../clients/errors.ts";
import { type PullFile, pullFile } from "./pull-file.ts";
import type { PullMessage } from "./run-pull.ts";

const send = (message: PullMessage) => parentPort?.postMessage(message);
const stop = new AbortController();
parentPort?.once("message", () => stop.abort());
try {
  for (const file of workerData as readonly PullFile[])
    await pullFile(file, { signal: stop.signal, onProgress: (progress) => send({ type: "progress", progress }) });
  send({ type: "done" });
} catch (error) {
  const reason = error instanceof RpcError ? error.reason : undefined;
  send({ type: "failed", message: error instanceof Error ? error.message : String(error), reason });
}
// Nothing else is to be waited for, and the port would keep the thread.
parentPort?.close();
