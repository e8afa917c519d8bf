import { createHash } from "node:crypto";
import type { DescribeModelResponse } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { type Model, ModelState } from "../../../proto/gen/tokenwire/v1/models_pb.ts";
import { toModelName } from "../model-name.ts";

export interface OllamaModelDetails {
  readonly parent_model: string;
  readonly format: "gguf";
  readonly family: string;
  readonly families: readonly string[];
  readonly parameter_size: string;
  readonly quantization_level: string;
}

export interface OllamaModel {
  readonly name: string;
  readonly model: string;
  readonly modified_at: string;
  readonly size: number;
  readonly digest: string;
  readonly details: OllamaModelDetails;
}

export interface OllamaRunningModel extends Omit<OllamaModel, "modified_at"> {
  readonly expires_at: string;
  readonly size_vram: number;
  readonly context_length: number;
}

/** A configured model as /api/tags lists it. What only a loaded model tells is empty until then. */
export function modelFromProto(model: Model): OllamaModel {
  return {
    name: toModelName(model.id),
    model: toModelName(model.id),
    modified_at: new Date(Number(model.created) * 1_000).toISOString(),
    size: Number(model.details?.sizeBytes ?? 0),
    digest: digestOf(model),
    details: detailsFromProto(model),
  };
}

/** The model under another name. */
export function copyFromProto(model: Model, name: string): OllamaModel {
  return { ...modelFromProto(model), name: toModelName(name), model: toModelName(name) };
}

/** Ollama's "never" is some 290 years away. */
const foreverMs = 290 * 365 * 86_400_000;

/** The models that are in memory, as /api/ps lists them. */
export function runningFromProto(models: readonly Model[]): OllamaRunningModel[] {
  return models
    .filter(({ state }) => state === ModelState.RESIDENT)
    .map((model) => {
      const { modified_at: _, ...listed } = modelFromProto(model);
      const { details, ttlSeconds } = model;
      const onGpu = details === undefined || details.layers === 0 ? 0 : details.offloadedLayers / details.layers;
      return {
        ...listed,
        expires_at: new Date(Date.now() + (ttlSeconds === undefined ? foreverMs : ttlSeconds * 1_000)).toISOString(),
        size_vram: Math.round(listed.size * onGpu),
        context_length: details?.contextLength ?? 0,
      };
    });
}

export function detailsFromProto({ details }: Model): OllamaModelDetails {
  const family = details?.architecture ?? "";
  return {
    parent_model: "",
    format: "gguf",
    family,
    families: family === "" ? [] : [family],
    parameter_size: details === undefined ? "" : parameterSize(Number(details.parameters)),
    quantization_level: quantizationOf(details?.description ?? ""),
  };
}

/** llama.cpp's descriptions are "llama 7B Q8_0" and "llama 7B Q4_K - Medium", which others call Q4_K_M. */
function quantizationOf(description: string): string {
  const [, level, size] = /\b(I?Q\d\w*|F16|F32|BF16|MXFP4)\b(?: - (Small|Medium|Large))?/.exec(description) ?? [];
  if (level === undefined) return "unknown";
  return size === undefined ? level : `${level}_${size.charAt(0)}`;
}

/** llama.cpp's numbers of file types (`general.file_type`). */
const fileTypes: Readonly<Record<string, string>> = {
  "0": "F32",
  "1": "F16",
  "2": "Q4_0",
  "3": "Q4_1",
  "7": "Q8_0",
  "8": "Q5_0",
  "9": "Q5_1",
  "10": "Q2_K",
  "11": "Q3_K_S",
  "12": "Q3_K_M",
  "13": "Q3_K_L",
  "14": "Q4_K_S",
  "15": "Q4_K_M",
  "16": "Q5_K_S",
  "17": "Q5_K_M",
  "18": "Q6_K",
  "32": "BF16",
};

/** What a model's file says of it, where the model is not in memory. */
function detailsFromMetadata(metadata: Readonly<Record<string, string>>): OllamaModelDetails {
  const family = metadata["general.architecture"] ?? "";
  return {
    parent_model: "",
    format: "gguf",
    family,
    families: family === "" ? [] : [family],
    parameter_size: metadata["general.size_label"] ?? "",
    quantization_level: fileTypes[metadata["general.file_type"] ?? ""] ?? "unknown",
  };
}

/** `7.2B`, `361.8M`, as Ollama writes it. */
function parameterSize(parameters: number): string {
  if (parameters >= 1e9) return `${(parameters / 1e9).toFixed(1)}B`;
  if (parameters >= 1e6) return `${(parameters / 1e6).toFixed(1)}M`;
  return `${(parameters / 1e3).toFixed(1)}K`;
}

/** Tells versions of a configured model apart; it is not the sum of its file, which nobody wants to wait for. */
function digestOf({ id, created, details }: Model): string {
  return createHash("sha256")
    .update(`${id}\n${created}\n${details?.sizeBytes ?? 0n}`)
    .digest("hex");
}

/** What Ollama's clients ask a model's abilities by. */
export type Capability = "completion" | "tools" | "insert" | "thinking" | "vision" | "embedding";

/** The answer to /api/show. */
export function shownFromProto(model: Model, described: DescribeModelResponse): Record<string, unknown> {
  const { details } = model;
  const template = described.chatTemplates[""] ?? "";
  const parameters = [
    ...(details ? [`num_ctx ${details.contextLength}`] : []),
    ...[described.eosToken].filter(Boolean).map((token) => `stop ${JSON.stringify(token)}`),
  ];
  return {
    modelfile: `# ${model.id}, as it is configured\nFROM ${described.path}\nTEMPLATE """${template}"""\n`,
    parameters: parameters.join("\n"),
    template,
    details: details === undefined ? detailsFromMetadata(described.metadata) : detailsFromProto(model),
    model_info: {
      ...metadataFromProto(described.metadata),
      ...(details && { "general.parameter_count": Number(details.parameters) }),
    },
    capabilities: capabilitiesOf(model, described),
    modified_at: new Date(Number(model.created) * 1_000).toISOString(),
  };
}

function capabilitiesOf({ details }: Model, described: DescribeModelResponse): Capability[] {
  const { metadata } = described;
  // An encoder sees a text as a whole: it cannot go on with one.
  const isEncoder = metadata[`${metadata["general.architecture"]}.attention.causal`] === "false";
  if (!(details?.generates ?? !isEncoder)) return ["embedding"];
  return [
    "completion",
    "tools",
    ...(described.fillsInMiddle ? (["insert"] as const) : []),
    ...(described.reasons ? (["thinking"] as const) : []),
    ...(details?.vision ? (["vision"] as const) : []),
  ];
}

/** Numbers and flags of the GGUF as what they are. */
function metadataFromProto(metadata: Readonly<Record<string, string>>): Record<string, string | number | boolean> {
  return Object.fromEntries(Object.entries(metadata).map(([key, value]) => [key, metadataValue(key, value)] as const));
}

function metadataValue(key: string, value: string): string | number | boolean {
  if (value === "true" || value === "false") return value === "true";
  const isNumber = /^-?\d{1,15}(\.\d+)?$/.test(value) && !/\b(name|version|tag|license)/.test(key);
  return isNumber ? Number(value) : value;
}
