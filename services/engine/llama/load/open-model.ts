import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import { loraAdapters } from "../../../../settings/model/lora-adapters.ts";
import type { ModelSettings } from "../../../../settings/settings.ts";
import { autoGpuLayers } from "../../../../settings/model/gpu-settings.ts";
import type { DeviceFacts, LoadPlan, MemoryEstimate } from "../../memory-estimate.ts";
import { chooseGpuLayers } from "./choose-gpu-layers.ts";
import { requireRoom } from "./require-room.ts";
import { chooseGpus, describeGpus } from "./choose-gpus.ts";
import { loadWarnings } from "./load-warnings.ts";
import { type EstimateMemoryParts, estimateMemory, gpuFacts } from "./estimate-memory.ts";
import { openMultimodal } from "../multimodal/open-projector.ts";
import { modelParams } from "./model-params.ts";
import { checkAbi } from "../native/libraries/abi-check.ts";
import {
  bindDevices,
  bindGguf,
  bindLlama,
  bindSamplers,
  type DeviceApi,
  type LlamaApi,
  type SamplerApi,
} from "../native/api.ts";
import { AdapterSet } from "../native/adapter-set.ts";
import type { MtmdApi } from "../native/mtmd/mtmd-api.ts";
import type { AdapterPointer } from "../native/buffers/pointer.ts";
import { bindBreakdown, type ReadBreakdown } from "../native/buffers/memory-breakdown.ts";
import { type Device, listDevices } from "../native/devices.ts";
import { type Libraries, openLibraries } from "../native/libraries/libraries.ts";
import { Model } from "../native/model.ts";
import { createOverrideReport } from "./override-report.ts";
import { findRanking, type Ranking } from "../pooling/find-ranking.ts";

export interface OpenModelOptions {
  /** 0 to 1. */
  readonly onProgress: (progress: number) => void;
  readonly log: (level: "debug" | "info" | "warn" | "error", message: string) => void;
  /** Says what the model will take; resolves when there is room. Unset: nobody wants to know. */
  readonly askForRoom?: (estimate: MemoryEstimate) => Promise<LoadPlan>;
  /** Says which GPUs there are; resolves to what the model may take of each. Unset: what is free. */
  readonly askForGpuRoom?: (gpus: readonly DeviceFacts[]) => Promise<Readonly<Record<string, number>>>;
}

export interface OpenModel {
  /** With as many layers on GPUs as were chosen for "auto". */
  readonly settings: ModelSettings;
  readonly libraries: Libraries;
  readonly llama: LlamaApi;
  readonly samplers: SamplerApi;
  readonly devices: DeviceApi;
  readonly model: Model;
  /** undefined: the model has no projector. */
  readonly multimodal: MtmdApi | undefined;
  readonly adapters: AdapterSet;
  readonly plan: LoadPlan;
  /** See MemoryEstimate. */
  readonly returnableBytes: number | undefined;
  /** Of all devices, from before the load. */
  readonly devicesBefore: readonly Device[];
  /** undefined: these libraries do not say. */
  readonly readBreakdown: ReadBreakdown | undefined;
  /** undefined: it does not rank. */
  readonly ranking: Ranking | undefined;
  /** An error that says what could not be done, with what llama.cpp's log says about it. */
  readonly failure: (reason: ErrorReason, what: string) => Promise<RpcError>;
}

/** An embedding context never pools as its model says: we do that. */
const ownPooling = /model default pooling_type is/;

const numaStrategies = [false, "distribute", "isolate", "numactl", "mirror"] as const;

/** How the devices' backends, and the system, say that there is no memory left. */
const outOfMemory =
  /out of memory|not enough memory|cannot allocate memory|(failed|unable) to allocate|OutOf(Device|Host)?Memory/i;

/** Lines of llama.cpp's errors that are kept to explain a failure. */
const keptProblems = 20;

/**
 * Opens the native libraries, checks that they are the ones we know, and loads the model with its adapter. Once per
 * process. Throws RpcError MODEL_LOAD_FAILED with llama.cpp's reason.
 */
export async function openModel(given: ModelSettings, options: OpenModelOptions): Promise<OpenModel> {
  let settings = given;
  const problems: string[] = [];
  const overrides = createOverrideReport(settings.kv_overrides);
  let estimating = false;
  const log: OpenModelOptions["log"] = (level, message) => {
    // The load itself says all of it again.
    if (estimating) return;
    overrides.readLine(message);
    if (level === "error" && problems.push(message.trim()) > keptProblems) problems.shift();
    // What llama.cpp says of a load goes on for a hundred lines, and not every warning is for the operator.
    const isDetail = (level === "info" && !settings.verbose) || (level === "warn" && ownPooling.test(message));
    options.log(isDetail ? "debug" : level, message.trimEnd());
  };
  // The log arrives with the event loop's next turns.
  const whenLogged = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
  const failure = async (reason: ErrorReason, what: string): Promise<RpcError> => {
    await whenLogged();
    return new RpcError(reason, `${what}: ${problems.join(" ") || "llama.cpp gives no reason"}`);
  };

  const cpuOnly = settings.vocab_only || settings.n_gpu_layers === 0 || settings.gpus?.length === 0;
  const libraries = await openLibraries({
    gpu: cpuOnly ? false : "auto",
    numa: numaStrategies[settings.numa] ?? false,
    log,
  });
  const llama = bindLlama(libraries);
  checkAbi(llama);
  const devices = bindDevices(libraries);

  const all = listDevices(devices);
  const gpus = all.filter((device) => device.isGpu);
  if (gpus.length > 0) options.log("info", `GPUs: ${describeGpus(gpus)}`);
  for (const warning of loadWarnings(settings, { gpus: chooseGpus(settings, all) })) options.log("warn", warning);
  const needsMultimodal = settings.clip_model_path !== undefined && !settings.vocab_only;
  const multimodal = needsMultimodal
    ? await openMultimodal(libraries, (message) => options.log("info", message))
    : undefined;
  const readBreakdown = bindBreakdown(libraries);
  const estimated = async <T>(work: (parts: EstimateMemoryParts) => Promise<T>): Promise<T | undefined> => {
    if (readBreakdown === undefined) return undefined;
    estimating = true;
    const result = await work({ llama, multimodal, readBreakdown, devices: all });
    await whenLogged();
    estimating = false;
    return result;
  };
  if (settings.n_gpu_layers === autoGpuLayers) {
    const facts = gpuFacts({ devices: all });
    const room = (await options.askForGpuRoom?.(facts)) ?? freeOf(facts);
    const layers = await estimated((parts) => chooseGpuLayers(parts, settings, { room, log: options.log }));
    if (layers === undefined) options.log("warn", 'n_gpu_layers "auto" puts all layers on the GPU on this system');
    settings = { ...settings, n_gpu_layers: layers ?? -1 };
  }
  let returnableBytes: number | undefined;
  let plan: LoadPlan = { slots: undefined, spareRamBytes: undefined };
  if (options.askForRoom !== undefined) {
    const estimate = await estimated((parts) => estimateMemory(parts, settings));
    if (estimate !== undefined) plan = await options.askForRoom(estimate);
    returnableBytes = estimate?.returnableBytes;
    if (estimate !== undefined) requireRoom(estimate, gpuFacts({ devices: listDevices(devices) }));
  }
  const devicesBefore = listDevices(devices);
  const { params, usesGpu, free } = modelParams(settings, { devices: all, maxDevices: llama.maxDevices() });
  const { onProgress } = options;
  const model = await Model.load(llama, settings.model, { params, usesGpu, onProgress }).finally(free);
  const failed = async (what: string) => {
    await whenLogged();
    const lacksMemory = problems.some((line) => outOfMemory.test(line));
    return failure(lacksMemory ? ErrorReason.INSUFFICIENT_MEMORY : ErrorReason.MODEL_LOAD_FAILED, what);
  };
  if (model === undefined) throw await failed(`the model file ${settings.model} could not be loaded`);
  await whenLogged();
  const fault = overrides.fault();
  if (fault !== undefined) throw new RpcError(ErrorReason.MODEL_LOAD_FAILED, fault);
  for (const warning of overrides.warnings()) options.log("warn", warning);
  if (!model.vocabulary.tokenizes)
    throw new RpcError(
      ErrorReason.MODEL_LOAD_FAILED,
      `the model file ${settings.model} has no tokenizer, so no text can be given to it: convert the model again with one`,
    );
  if (model.isEncoderDecoder || model.isDiffusion)
    throw new RpcError(
      ErrorReason.MODEL_LOAD_FAILED,
      `${model.description} is an encoder-decoder or diffusion model: only decoders and embedding models are served`,
    );

  const pointers: AdapterPointer[] = [];
  for (const { path } of settings.vocab_only ? [] : loraAdapters(settings)) {
    const pointer = await model.loadAdapter(path);
    if (pointer === undefined) throw await failed(`the LoRA adapter ${path} could not be loaded`);
    pointers.push(pointer);
  }
  const adapters = new AdapterSet(settings.vocab_only ? [] : loraAdapters(settings), pointers);
  const ranking = settings.vocab_only ? undefined : findRanking(model, bindGguf(libraries), settings.model);
  const samplers = bindSamplers(libraries);
  const parts = { libraries, llama, samplers, devices, model, multimodal, adapters, ranking };
  return { ...parts, settings, plan, returnableBytes, devicesBefore, readBreakdown, failure };
}

/** Nobody has counted: a little is left to other programs. */
const freeShare = 0.95;

function freeOf(gpus: readonly DeviceFacts[]): Record<string, number> {
  return Object.fromEntries(gpus.map(({ device, freeBytes }) => [device, Math.floor(freeBytes * freeShare)]));
}
