import type { Logger } from "pino";
import type { ModelSettings } from "../../settings/settings.ts";
import type { DeviceBytes } from "../scheduler/device-bytes.ts";
import type { DeviceFacts, MemoryEstimate } from "../engine/memory-estimate.ts";
import { createSocketDirectory } from "./socket-directory.ts";
import { workerEntry } from "./worker-entry.ts";
import { forkWorker } from "./worker-process.ts";

/** One of the two is there. */
export interface Estimated {
  readonly estimate: MemoryEstimate | undefined;
  /** Why there is none. */
  readonly fault: string | undefined;
}

export interface EstimateModelsOptions {
  readonly log: Logger;
  /** What a model may take of each GPU that its process sees. */
  readonly gpuRoom: (gpus: readonly DeviceFacts[]) => DeviceBytes;
  readonly entry?: URL;
}

/** What models will take, by their names: each says so in a process of its own, which loads nothing and then ends. */
export async function estimateModels(
  models: readonly ModelSettings[],
  { log, gpuRoom, entry = workerEntry }: EstimateModelsOptions,
): Promise<ReadonlyMap<string, Estimated>> {
  using sockets = await createSocketDirectory();
  const found = new Map<string, Estimated>();
  for (const [index, settings] of models.entries()) {
    const worker = forkWorker(
      entry,
      {
        type: "start",
        settings,
        socketPath: sockets.path(index, 1),
        graceMs: 0,
        tracing: { serviceName: "tokenwire" },
        logLevel: log.level,
        asks: "only",
      },
      log,
    );
    void worker.looked.then((gpus) => worker.giveGpus(gpuRoom(gpus)));
    const ended = worker.exited.then((how): Estimated => ({ estimate: undefined, fault: `its process ${how}` }));
    const failed = worker.failed.then((fault): Estimated => ({ estimate: undefined, fault }));
    const told = worker.estimated.then((estimate): Estimated => ({ estimate, fault: undefined }));
    found.set(settings.model_alias, await Promise.race([told, failed, ended]));
    worker.kill();
    await worker.exited;
  }
  return found;
}
