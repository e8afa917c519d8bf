import { statSync } from "node:fs";
import { loraAdapters } from "../../../../settings/model/lora-adapters.ts";
import type { ModelSettings } from "../../../../settings/settings.ts";
import type { DeviceEstimate, DeviceFacts, MemoryEstimate } from "../../memory-estimate.ts";
import { callAsync, type LlamaApi } from "../native/api.ts";
import type { Device } from "../native/devices.ts";
import type { BufferUse, ReadBreakdown } from "../native/buffers/memory-breakdown.ts";
import { Model } from "../native/model.ts";
import type { ContextParams } from "../native/structs.ts";
import type { MtmdApi } from "../native/mtmd/mtmd-api.ts";
import { projectorMemory } from "../native/mtmd/projector.ts";
import { projectorGpu } from "../multimodal/open-projector.ts";
import { inputContextParams } from "../pooling/input-context.ts";
import { inputLimits } from "../pooling/input-limits.ts";
import { chooseGpus } from "./choose-gpus.ts";
import { contextParams } from "./context-params.ts";
import { modelParams } from "./model-params.ts";
import { maxSlots } from "./slot-count.ts";
import { splitFiles } from "../../../models/split-files.ts";

export interface EstimateMemoryParts {
  readonly llama: LlamaApi;
  /** undefined: the model has no projector. */
  readonly multimodal: MtmdApi | undefined;
  readonly readBreakdown: ReadBreakdown;
  /** All devices of this machine. */
  readonly devices: readonly Device[];
}

/** llama_load_mode: without a mapping, which a model without data does not need. */
const readMode = 0;
/** What a worker's own side takes beyond what it has when it estimates: the loop, threads, templates, its heap. */
const workerBytes = 3e6;

/** What one device holds for one configuration of a model. */
interface DeviceUse extends Pick<BufferUse, "weights" | "kv" | "compute"> {
  /** Weights that llama.cpp can use where a mapped file has them. */
  readonly mappable: number;
}

type Uses = ReadonlyMap<string, DeviceUse>;

/**
 * What a model will take on each device, by llama.cpp's own reckoning: it is opened without its data, and its contexts
 * are made without memory, once with the fewest slots and once with the most. undefined: it cannot be opened, which its
 * load will explain.
 */
export async function estimateMemory(
  parts: EstimateMemoryParts,
  settings: ModelSettings,
): Promise<MemoryEstimate | undefined> {
  const { devices } = parts;
  const gpus = devices.filter((device) => device.isGpu);
  const facts = gpuFacts(parts);
  const minSlots = settings.n_slots ?? 1;
  const most = settings.n_slots ?? (settings.kv_unified || settings.vocab_only ? 1 : maxSlots);
  const rss = () => process.memoryUsage.rss() + workerBytes;
  if (settings.vocab_only) {
    const ram = { device: "RAM", weights: 0, kvPerSlot: 0, compute: 0, computePerSlot: 0, process: rss() };
    return { parts: [ram], minSlots: 1, maxSlots: 1, gpus: facts };
  }
  const model = await openEmpty(parts, settings, settings.model);
  if (model === undefined) return undefined;
  const draft = settings.draft_model?.endsWith(".gguf") === true ? settings.draft_model : undefined;
  const small = draft === undefined ? undefined : await openEmpty(parts, settings, draft);
  const isEncoder = model.isEncoder || !(await hasMemory(parts, model, generationParams(settings, model, minSlots)));
  const configuration = async (slots: number): Promise<Uses | undefined> => {
    const uses = [
      await usesOf(parts, model, ownParams(settings, model, { slots, isEncoder })),
      small &&
        (await usesOf(parts, small, [contextParams(settings, { slots, ...lengthOf(settings, model), rows: 1 })])),
    ];
    return (
      uses[0] &&
      merge(
        uses.flatMap((use) => use ?? []),
        gpus,
      )
    );
  };
  const fewest = await configuration(minSlots);
  const mostUses = most > minSlots ? await configuration(most) : undefined;
  const used = rss();
  const projector = projectorUses(parts, settings);
  const lora = loraAdapters(settings).reduce((sum, { path }) => sum + statSync(path).size, 0);
  await small?.free();
  await model.free();
  if (fewest === undefined) return undefined;
  // On the CPU a mapped file is in memory as a whole, unless most of it is rearranged: see measure-memory.ts.
  const isFile = settings.use_mmap && !usesGpus(settings, devices);
  const isReturned = isFile && dropsFile(settings, fewest.get("RAM"));
  const isMapped = isFile && !isReturned;
  const at = [...new Set([...fewest.keys(), ...projector.keys(), "RAM"])];
  return {
    parts: at.map((device) => {
      const line = lineOf(fewest.get(device), mostUses?.get(device), { minSlots, maxSlots: most });
      const onRam = device === "RAM";
      const { mappable = 0 } = fewest.get(device) ?? {};
      const mapped = onRam && isMapped ? fileBytes(settings.model) - mappable : 0;
      const weights = line.weights + mapped + (onRam ? lora : 0) + (projector.get(device) ?? 0);
      return { ...line, device, weights, process: onRam ? used : 0 };
    }),
    returnableBytes: isReturned ? (fewest.get("RAM")?.mappable ?? 0) : undefined,
    minSlots,
    maxSlots: mostUses === undefined ? minSlots : most,
    gpus: facts,
  };
}

/** The GPUs of this machine, by the names that they have in estimates. */
export function gpuFacts({ devices }: Pick<EstimateMemoryParts, "devices">): DeviceFacts[] {
  const gpus = devices.filter((device) => device.isGpu);
  return gpus.map(({ description, freeBytes, totalBytes }, index) => {
    return { device: `GPU${index}`, description, freeBytes, totalBytes };
  });
}

/** How many layers can be on GPUs, the output layer among them; undefined: the model cannot be opened. */
export async function readLayers(parts: EstimateMemoryParts, settings: ModelSettings): Promise<number | undefined> {
  const model = await openEmpty(parts, settings, settings.model);
  const layers = model?.layers;
  await model?.free();
  return layers === undefined ? undefined : layers + 1;
}

/** What the projector takes of each device, its compute buffers too. */
function projectorUses(
  { multimodal, devices }: EstimateMemoryParts,
  settings: ModelSettings,
): ReadonlyMap<string, number> {
  const { clip_model_path: path } = settings;
  if (multimodal === undefined || path === undefined) return new Map();
  const gpu = projectorGpu(settings, chooseGpus(settings, devices))?.pointer;
  const gpus = devices.filter(({ isGpu }) => isGpu);
  const uses = projectorMemory(multimodal, { path, gpu }) ?? [];
  const names = uses.map(({ device }) => {
    const index = gpus.findIndex(({ pointer }) => pointer === device);
    return index === -1 ? "RAM" : `GPU${index}`;
  });
  return new Map(
    [...new Set(names)].map((name) => [
      name,
      uses.reduce((sum, { bytes }, index) => (names[index] === name ? sum + bytes : sum), 0),
    ]),
  );
}

async function openEmpty(
  { llama, devices }: EstimateMemoryParts,
  settings: ModelSettings,
  path: string,
): Promise<Model | undefined> {
  const { params, usesGpu, free } = modelParams(settings, { devices, maxDevices: llama.maxDevices() });
  const empty = { ...params, no_alloc: true, load_mode: readMode };
  return Model.load(llama, path, { params: empty, usesGpu, onProgress: () => {} }).finally(free);
}

function generationParams(settings: ModelSettings, model: Model, slots: number): Partial<ContextParams> {
  const rows = settings.draft_model === undefined ? 1 : 1 + settings.draft_model_num_pred_tokens;
  return contextParams(settings, { slots, ...lengthOf(settings, model), rows });
}

/** Of the contexts that are made when the model is loaded. */
function ownParams(
  settings: ModelSettings,
  model: Model,
  { slots, isEncoder }: { readonly slots: number; readonly isEncoder: boolean },
): Partial<ContextParams>[] {
  const generation = generationParams(settings, model, slots);
  if (!settings.embedding && !isEncoder) return [generation];
  const limits = inputLimits({
    contextLength: lengthOf(settings, model).sequenceLength,
    microBatchTokens: Math.min(settings.n_batch, settings.n_ubatch),
    vocabularySize: model.vocabulary.size,
    hasMemory: !isEncoder,
    cuts: model.isCausal,
  });
  const inputs = inputContextParams({ settings, model }, { pooling: 0, limits }, 0);
  return isEncoder ? [inputs] : [generation, inputs];
}

/** false: it keeps nothing between tokens (BERT and its kind), so that it only embeds. */
async function hasMemory(
  { llama }: EstimateMemoryParts,
  model: Model,
  params: Partial<ContextParams>,
): Promise<boolean> {
  const context = await callAsync(llama.contextInit, model.pointer, { ...llama.contextDefaultParams(), ...params });
  if (context === null) return true;
  const memory = llama.contextMemory(context);
  await callAsync(llama.contextFree, context);
  return memory !== null;
}

function lengthOf({ n_ctx }: ModelSettings, { trainedContextLength }: Model): { readonly sequenceLength: number } {
  return { sequenceLength: n_ctx === 0 ? trainedContextLength : n_ctx };
}

/** The weights once, and what each context takes. */
async function usesOf(
  { llama, readBreakdown }: EstimateMemoryParts,
  model: Model,
  contexts: readonly Partial<ContextParams>[],
): Promise<BufferUse[] | undefined> {
  const all: BufferUse[] = [];
  for (const params of contexts) {
    const context = await callAsync(llama.contextInit, model.pointer, { ...llama.contextDefaultParams(), ...params });
    if (context === null) return undefined;
    const uses = readBreakdown(context);
    await callAsync(llama.contextFree, context);
    all.push(...uses.map((use) => (all.length === 0 ? use : { ...use, weights: 0 })));
  }
  return all;
}

/** Buffers on the same device, as one. */
function merge(uses: readonly BufferUse[], gpus: readonly Device[]): Uses {
  const merged = new Map<string, DeviceUse>();
  for (const use of uses) {
    const gpu = gpus.findIndex(({ pointer }) => pointer === use.device);
    const device = gpu === -1 ? "RAM" : `GPU${gpu}`;
    const { weights = 0, kv = 0, compute = 0, mappable = 0 } = merged.get(device) ?? {};
    merged.set(device, {
      weights: weights + use.weights,
      kv: kv + use.kv,
      compute: compute + use.compute,
      mappable: mappable + (use.buffer === "CPU" ? use.weights : 0),
    });
  }
  return merged;
}

/** From two points to a line over the slots. */
function lineOf(
  fewest: DeviceUse | undefined,
  most: DeviceUse | undefined,
  { minSlots, maxSlots: last }: { minSlots: number; maxSlots: number },
): Omit<DeviceEstimate, "device" | "process"> {
  const { weights = 0, kv = 0, compute = 0 } = fewest ?? {};
  if (most === undefined) return { weights, kvPerSlot: kv / minSlots, compute, computePerSlot: 0 };
  const steps = last - minSlots;
  const kvPerSlot = (most.kv - kv) / steps;
  const computePerSlot = Math.max(0, (most.compute - compute) / steps);
  // A part of the memory may be there once for all slots.
  const shared = kv - kvPerSlot * minSlots;
  return { weights, kvPerSlot, compute: shared + compute - computePerSlot * minSlots, computePerSlot };
}

/** Whether the file's pages are given back after the load, as most of its weights are there in another order too. */
function dropsFile({ use_mlock: locked }: ModelSettings, ram: DeviceUse | undefined): boolean {
  return process.platform === "linux" && !locked && ram !== undefined && ram.mappable < ram.weights / 2;
}

function usesGpus(settings: ModelSettings, devices: readonly Device[]): boolean {
  return settings.n_gpu_layers !== 0 && chooseGpus(settings, devices).length > 0;
}

function fileBytes(model: string): number {
  return splitFiles(model).reduce((sum, path) => sum + statSync(path).size, 0);
}
