import type { ModelSettings } from "../../../settings/settings.ts";
import type { TokenizerConfig } from "../text/template/tokenizer-config.ts";
import type { EngineInfo } from "../engine.ts";
import type { Device } from "./native/devices.ts";
import type { Model } from "./native/model.ts";
import type { OpenModel } from "./load/open-model.ts";

export interface EngineFacts extends Pick<
  EngineInfo,
  "contextLength" | "slots" | "threads" | "embedding" | "ranking" | "memory" | "media"
> {
  readonly settings: ModelSettings;
  /** Those that the model uses. */
  readonly gpus: readonly Device[];
  /** Goes before what the GGUF says of prompts. */
  readonly tokenizer: (TokenizerConfig & { readonly source: string }) | undefined;
}

/** What an engine tells of itself. */
export function describeEngine({ libraries, model }: OpenModel, facts: EngineFacts): EngineInfo {
  const { vocabulary } = model;
  const { settings, gpus, tokenizer, contextLength, slots, threads, embedding, ranking, memory, media } = facts;
  const architecture = model.metadata("general.architecture") ?? "";
  // The output layer counts too, as in llama.cpp's own "offloaded n/n layers".
  const layers = settings.vocab_only ? 0 : model.layers + 1;
  const asked = settings.n_gpu_layers < 0 ? layers : Math.min(settings.n_gpu_layers, layers);
  return {
    path: settings.model,
    metadata: readMetadata(model),
    architecture,
    // llama.cpp describes weights.
    description: settings.vocab_only ? `${architecture} vocabulary` : describeWeights(model),
    sizeBytes: model.sizeBytes,
    parameters: model.parameters,
    contextLength,
    trainedContextLength: model.trainedContextLength,
    embeddingLength: model.embeddingLength,
    vocabularySize: vocabulary.size,
    slots,
    layers,
    offloadedLayers: gpus.length > 0 ? asked : 0,
    backend: libraries.build,
    devices: gpus.map((gpu) => gpu.description),
    threads,
    generates: slots > 0,
    chatTemplates: tokenizer?.templates ?? readTemplates(model),
    chatTemplatesFrom: tokenizer?.source ?? "the GGUF",
    bosToken: tokenizer?.bosToken ?? vocabulary.text(vocabulary.bos),
    eosToken: tokenizer?.eosToken ?? vocabulary.text(vocabulary.eos),
    addsBos: vocabulary.addsBos,
    embedding,
    ranking,
    memory,
    fim: vocabulary.fim,
    media,
  };
}

/**
 * `llama 8B Q4_K - Medium`. llama.cpp guesses the size by the number of layers, so it says 256M of a model of 135M and
 * `?B` of one that it does not know: ours is the label that the file has, or its parameters counted.
 */
function describeWeights(model: Model): string {
  const [architecture = "", , ...weights] = model.description.split(" ");
  const label = model.metadata("general.size_label") ?? "";
  const size = sizeLabel.test(label) ? label : describeCount(model.parameters);
  return [architecture, size, ...weights].join(" ");
}

/** As in `7B`, `8x7B`, `30B-A3B`. */
const sizeLabel = /^[\w.-]{1,16}$/;

function describeCount(count: number): string {
  return new Intl.NumberFormat("en-US", { notation: "compact", maximumSignificantDigits: 2 }).format(count);
}

/** What stands there as one value, but for the templates, which have a place of their own. */
function readMetadata(model: Model): Record<string, string> {
  const keys = model.metadataKeys().filter((key) => !key.startsWith("tokenizer.chat_template"));
  const entries = keys.map((key) => [key, model.metadata(key) ?? ""] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== ""));
}

/** tokenizer.chat_template and its named variants; "" is the default one. */
function readTemplates(model: Model): Record<string, string> {
  const prefix = "tokenizer.chat_template";
  const names = model
    .metadataKeys()
    .filter((key) => key === prefix || key.startsWith(`${prefix}.`))
    .map((key) => key.slice(prefix.length + 1));
  return Object.fromEntries(names.map((name) => [name, model.chatTemplate(name) ?? ""]));
}
