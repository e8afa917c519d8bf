// A worker process with a fake engine, to be forked in the place of worker/main.ts. The model's path says how it behaves.
import { setTimeout as sleep } from "node:timers/promises";
import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import { runWorker } from "../../../services/worker/run-worker.ts";
import { FakeEngine } from "../fake-engine.ts";

let lingerMs = 0;
const code = await runWorker(async ({ model, n_slots }, { onProgress, log }) => {
  onProgress(0.5);
  log("debug", "the fake engine loads");
  if (model.includes("broken")) throw new RpcError(ErrorReason.MODEL_LOAD_FAILED, `${model} is not a GGUF file`);
  if (model.includes("aborts")) process.abort();
  if (model.includes("never-loads")) await sleep(2 ** 31 - 1);
  if (model.includes("slow")) await sleep(300);
  if (model.includes("lingers")) lingerMs = 300;
  return new FakeEngine({ slots: n_slots ?? 2, crash: () => process.kill(process.pid, "SIGKILL") });
});
// As one does that has much to free.
await sleep(lingerMs);
process.exit(code);
