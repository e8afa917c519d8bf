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
    // llama.cpp's description is "llama 7B Q8_0".
    quantization_level: /\b(I?Q\d\w*|F16|F32|BF16|MXFP4)\b/.exec(details?.description ?? "")?.[1] ?? "unknown",
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
    `num_ctx ${details?.contextLength ?? 0}`,
    ...[described.eosToken].filter(Boolean).map((token) => `stop ${JSON.stringify(token)}`),
  ];
  return {
    modelfile: `# ${model.id}, as it is configured\nFROM ${described.path}\nTEMPLATE """${template}"""\n`,
    parameters: parameters.join("\n"),
    template,
    details: detailsFromProto(model),
    model_info: {
      ...metadataFromProto(described.metadata),
      "general.parameter_count": Number(details?.parameters ?? 0),
    },
    capabilities: capabilitiesOf(model, described),
    modified_at: new Date(Number(model.created) * 1_000).toISOString(),
  };
}

function capabilitiesOf({ details }: Model, described: DescribeModelResponse): Capability[] {
  if (details?.generates !== true) return ["embedding"];
  return [
    "completion",
    "tools",
    ...(described.fillsInMiddle ? (["insert"] as const) : []),
    ...(described.reasons ? (["thinking"] as const) : []),
    ...(details.vision ? (["vision"] as const) : []),
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
