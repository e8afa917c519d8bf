import type { TracingOptions } from "../../clients/tracing/sdk.ts";
import type { ModelSettings } from "../../settings/settings.ts";
import type { DeviceFacts, LoadPlan, MemoryEstimate } from "../engine/memory-estimate.ts";

/** The first message to a worker over its IPC channel; interrupts and one `proceed` may follow. The channel's end is the front's end: then the worker ends too. */
export interface WorkerStart {
  readonly type: "start";
  readonly settings: ModelSettings;
  /** Where to serve. */
  readonly socketPath: string;
  /** How long running calls may go on after SIGTERM. */
  readonly graceMs: number;
  readonly tracing: SentTracingOptions;
  readonly logLevel: string;
  /**
   * It says what the model will take, where it can tell, and loads when it is told to proceed; unset: it loads at once.
   * `only`: it will not be told, and says instead why it cannot tell.
   */
  readonly asks?: true | "only";
  /** Written with each line of the log, so that what native code prints cannot pass for one. */
  readonly logKey: string;
}

/** Functions do not travel. */
export type SentTracingOptions = Omit<TracingOptions, "onWarning">;

/** Ends generations early that allow it: those numbered below `before`, but for those of the request `except`. */
export interface WorkerInterrupt {
  readonly type: "interrupt";
  readonly before: number;
  readonly except: string;
}

/** What a worker says before it loads: it waits for a `proceed` now. */
export interface WorkerEstimate {
  readonly type: "estimate";
  readonly estimate: MemoryEstimate;
}

/** With `asks` only: why there is no estimate. */
export interface WorkerFault {
  readonly type: "fault";
  readonly message: string;
}

/** A worker asks what its model may take of the GPUs that there are: it waits for a `gpuRoom` now. */
export interface WorkerGpus {
  readonly type: "gpus";
  readonly gpus: readonly DeviceFacts[];
}

/** What the model may take of each. */
export interface WorkerGpuRoom {
  readonly type: "gpuRoom";
  readonly room: Readonly<Record<string, number>>;
}

/** There is room for the model. */
export interface WorkerProceed extends LoadPlan {
  readonly type: "proceed";
}

/** The metadata in which a generation's number comes. */
export const turnHeader = "x-tokenwire-turn";

/** A worker's answer: calls to its socket are answered now, though the model may still be loading. */
export interface WorkerListening {
  readonly type: "listening";
}
