// A worker process with a fake engine, to be forked in the place of worker/main.ts. The model's path says how it behaves.
import { setTimeout as sleep } from "node:timers/promises";
import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import { runWorker } from "../../../services/worker/run-worker.ts";
import { FakeEngine } from "../fake-engine.ts";

let lingerMs = 0;
const code = await runWorker(async ({ model, n_slots }, { onProgress, log, askForRoom }) => {
  // `takes-600MB.gguf`
  const bytes = Number(/takes-(\d+)MB/.exec(model)?.[1] ?? 0) * 1e6;
  const nothing = { kvPerSlot: 0, compute: 0, computePerSlot: 0, process: 0 };
  const slots = n_slots ?? 2;
  const parts = [{ ...nothing, device: "RAM", weights: bytes }];
  if (bytes > 0) await askForRoom?.({ parts, minSlots: slots, maxSlots: slots, gpus: [] });
  onProgress(0.5);
  log("debug", "the fake engine loads");
  if (model.includes("broken")) throw new RpcError(ErrorReason.MODEL_LOAD_FAILED, `${model} is not a GGUF file`);
  if (model.includes("no-memory")) throw new RpcError(ErrorReason.INSUFFICIENT_MEMORY, "GPU0 has no room for it");
  if (model.includes("aborts")) process.abort();
  if (model.includes("never-loads")) await sleep(2 ** 31 - 1);
  if (model.includes("slow")) await sleep(300);
  if (model.includes("lingers")) lingerMs = 300;
  const memory = bytes > 0 ? { gpus: {}, emulatedBytes: 0, ramBytes: bytes } : undefined;
  return new FakeEngine({ slots, info: { memory }, crash: () => process.kill(process.pid, "SIGKILL") });
});
// As one does that has much to free.
await sleep(lingerMs);
process.exit(code);
