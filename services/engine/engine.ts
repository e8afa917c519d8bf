import type { LoraAdapter } from "../../settings/model/lora-adapters.ts";
import type { MemoryUse } from "./memory-estimate.ts";

/**
 * What a worker needs of an engine: one loaded model that runs many sequences at once. Pure data in and out, so that
 * another engine is another file that implements this.
 */
export interface Engine {
  readonly info: EngineInfo;
  /** Text to token ids. */
  tokenize(text: string, options: TokenizeOptions): Promise<Int32Array>;
  /**
   * A prompt with pictures and sounds, which `info.media` must have. Throws INVALID_PARAMETER for one that cannot be
   * decoded. A text that looks like a control token is read as it.
   */
  tokenizeMedia(parts: readonly PromptPart[], options: Pick<TokenizeOptions, "addSpecial">): Promise<MediaPrompt>;
  /** The exact bytes of a token; a control token has none unless `special`. Throws a RangeError on an id outside the vocabulary. */
  tokenBytes(token: number, options?: { readonly special?: boolean }): Uint8Array;
  /**
   * Runs a job: waits for a slot per choice, prefills, decodes. Yields `started` once, then text, then one `finished`
   * per choice. Leaving the iteration or aborting `signal` (its reason is thrown) frees the slots within one step.
   * Throws RpcError when the job cannot be run.
   */
  generate(job: GenerateJob, signal: AbortSignal): AsyncIterable<EngineEvent>;
  /**
   * One vector per input, in order, not normalised; with pooling `none` those of its tokens one after another. Aborting
   * `signal` ends it between batches. Batches take turns with the steps of `generate`.
   */
  embed(job: EmbedJob, signal: AbortSignal): Promise<Float32Array[]>;
  /** What the classification head says of each input (`info.ranking` says what that is), as `embed` does. */
  rank(job: RankJob, signal: AbortSignal): Promise<Float32Array>;
  /** How likely the model finds each token after those before it; the first has no entry but undefined. */
  score(job: ScoreJob, signal: AbortSignal): Promise<(TokenLogprob | undefined)[]>;
  /** The LoRA adapters that were loaded with the model, as they are applied where a job does not say. */
  adapters(): readonly LoraAdapter[];
  /** How strongly each of them is applied from the next job on. */
  setAdapters(scales: readonly number[]): void;
  /** Saves, restores or empties an idle slot; refused where the settings do not allow it. */
  changeSlot(id: number, action: SlotAction): Promise<SlotChange>;
  /** What the slots hold and do now; none for a model that does not generate. */
  slots(): readonly SlotState[];
  /** Counters and gauges of now. */
  stats(): EngineStats;
  /** Calls `listener` after each step and whenever a gauge changed; returns how to stop. */
  onStats(listener: () => void): () => void;
  /** Ends what runs with SHUTTING_DOWN and frees everything native. */
  close(): Promise<void>;
}

export interface EngineInfo {
  /** Absolute path of the file that was loaded. */
  readonly path: string;
  /** The GGUF's metadata, without its arrays. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly architecture: string;
  readonly description: string;
  readonly sizeBytes: number;
  readonly parameters: number;
  /** Tokens one sequence may hold. */
  readonly contextLength: number;
  readonly trainedContextLength: number;
  readonly embeddingLength: number;
  readonly vocabularySize: number;
  readonly slots: number;
  readonly layers: number;
  readonly offloadedLayers: number;
  readonly backend: string;
  readonly devices: readonly string[];
  readonly threads: number;
  /** false: an embedding model, `generate` is refused. */
  readonly generates: boolean;
  /** The model's chat template (Jinja), by name; "" is the default one. */
  readonly chatTemplates: Readonly<Record<string, string>>;
  /** Where it was found, in words: `the GGUF`. */
  readonly chatTemplatesFrom: string;
  readonly bosToken: string;
  readonly eosToken: string;
  /** Whether tokenizing with addSpecial puts a BOS in front. */
  readonly addsBos: boolean;
  readonly embedding: EmbeddingInfo;
  /** undefined: the model has no classification head, `rank` is refused. */
  readonly ranking: RankingInfo | undefined;
  /** What it took; undefined: nobody measured. */
  readonly memory?: MemoryUse | undefined;
  /** Fill-in-the-middle tokens, when the vocabulary has them. */
  readonly fim: FimTokens | undefined;
  /** What its projector takes beside text; unset: there is none. */
  readonly media?: MediaSupport | undefined;
}

export interface MediaSupport {
  readonly vision: boolean;
  readonly audio: boolean;
}

/** A picture (PNG, JPEG, GIF, BMP) or a sound (wav, mp3, flac) as it came, looked over but not yet decoded. */
export interface Media {
  readonly kind: "image" | "audio";
  readonly data: Uint8Array;
  /** `low`: to be scaled down until it fits into 512 by 512 pixels. */
  readonly detail: "auto" | "low";
  /** Where it stands in the request, for errors. */
  readonly param: string;
}

/** A prompt's text and what stands in it. */
export type PromptPart = string | Media;

/** The control tokens of filling in; those that stand before a repository's and a file's name are not in every vocabulary. */
export interface FimTokens {
  readonly prefix: number;
  readonly suffix: number;
  readonly middle: number;
  readonly repository?: number | undefined;
  readonly file?: number | undefined;
}

/** `file`: a name without folders. */
export type SlotAction = { readonly kind: "save" | "restore"; readonly file: string } | { readonly kind: "erase" };

/** What a slot's change was about: its tokens, and the bytes of their file. */
export interface SlotChange {
  readonly tokens: number;
  readonly bytes: number;
}

export interface SlotState {
  readonly id: number;
  readonly busy: boolean;
  /** Tokens whose KV state it holds, also when it is idle. */
  readonly tokens: number;
  /** Of the sequence that runs; 0 when it is idle. */
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export interface EmbeddingInfo {
  /** What a job without a pooling gets. undefined: the model's own way makes a score, not a vector: a job must say. */
  readonly pooling: Exclude<Pooling, "none"> | undefined;
  /** Tokens of one input, at most. */
  readonly inputTokens: number;
}

export interface RankingInfo {
  /** Tokens of query and document together, with what stands around them, at most. */
  readonly inputTokens: number;
  /** How query and document become one input: a text with `{query}` and `{document}`, or the tokens around theirs. */
  readonly prompt:
    | { readonly template: string }
    | { readonly start: readonly number[]; readonly between: readonly number[]; readonly end: readonly number[] };
  readonly scores: "logits" | "probabilities";
}

export interface TokenizeOptions {
  /** Add the tokens that the model expects around a text (BOS, EOS), or only those at its `start`: the text goes on. */
  readonly addSpecial: boolean | "start";
  /** Read `<|im_start|>` and the like as the tokens they name. */
  readonly parseSpecial: boolean;
}

/** Tokens of a prompt in which negative numbers stand for rows of embeddings (llama/kv/media-tokens.ts). */
export interface MediaPrompt {
  readonly tokens: Int32Array;
  readonly media: readonly MediaSpan[];
}

/** Where a picture or a sound, or a part of one, stands in a prompt. */
export interface MediaSpan {
  /** Of its first row, in tokens. */
  readonly start: number;
  readonly rows: number;
  /** Of what it is, so that equal ones are encoded once. */
  readonly key: string;
  /** false: its rows see each other in both directions, and go into one batch. */
  readonly isCausal: boolean;
  /** The positions of its rows, in lists one after another, as many as a position has parts. */
  readonly positions: Int32Array;
  /** The prompt that it is of, the medium in that, and the part of that medium, each counted from 0. */
  readonly parts: readonly PromptPart[];
  readonly medium: number;
  readonly piece: number;
}

export interface GenerateJob {
  readonly prompt: Int32Array;
  /** What the negative numbers in `prompt` stand for; unset: there are none. */
  readonly media?: readonly MediaSpan[];
  readonly choices: number;
  /** undefined: as many as the context holds. */
  readonly maxTokens: number | undefined;
  readonly minTokens: number;
  readonly ignoreEos: boolean;
  readonly stop: readonly string[];
  /** Those of `stop` that are part of the answer when they end it; unset: none. */
  readonly shownStops?: readonly string[];
  /** Tokens that end generation, once `minTokens` are there; with `showStopToken` their text is part of the answer. */
  readonly stopTokens?: readonly number[];
  readonly showStopToken?: boolean;
  /** undefined: no log-probabilities. */
  readonly topLogprobs: number | undefined;
  readonly cachePrompt: boolean;
  /** How strongly each of the model's adapters is applied, in their order; unset: as `adapters` says then. */
  readonly adapters?: readonly number[] | undefined;
  /** The slot to run in, if it is free. */
  readonly slot?: number | undefined;
  /** Longest time from the first token on, looked at once the answer has a line break. */
  readonly maxDecodeMs?: number | undefined;
  /** Yield `progress` after each step of the prefill. */
  readonly reportProgress?: boolean;
  readonly sampling: Sampling;
  readonly grammar: Grammar | undefined;
  /** Control tokens whose text is part of the output, for parsers that need them. */
  readonly keepSpecial: boolean;
  /** Unset: the model reasons as long as it likes. */
  readonly reasoning?: Reasoning;
}

/** A bound on reasoning: after `budget` tokens of it, `endTokens` are taken as if the model had sampled them. */
export interface Reasoning {
  readonly budget: number;
  /** The texts around reasoning. */
  readonly start: string;
  readonly end: string;
  /** The prompt has already begun it. */
  readonly open: boolean;
  /** The end's tokens, with what stands between it and an answer. */
  readonly endTokens: readonly number[];
}

export interface ScoreJob {
  readonly tokens: Int32Array;
  /** As in GenerateJob. */
  readonly adapters?: readonly number[] | undefined;
  /** How many alternatives per token. */
  readonly top: number;
}

/** A grammar in GBNF with the rule `root`. */
export interface Grammar {
  readonly gbnf: string;
}

/** Every value resolved; the neutral value of each switches it off. */
export interface Sampling {
  readonly seed: number | undefined;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly minP: number;
  readonly typicalP: number;
  readonly topNSigma: number;
  readonly presencePenalty: number;
  readonly frequencyPenalty: number;
  readonly repeatPenalty: number;
  /** -1: the whole context. */
  readonly repeatLastN: number;
  readonly logitBias: readonly { readonly token: number; readonly bias: number }[];
  readonly dynatempRange: number;
  readonly dynatempExponent: number;
  readonly xtcProbability: number;
  readonly xtcThreshold: number;
  readonly mirostat: 0 | 1 | 2;
  readonly mirostatTau: number;
  readonly mirostatEta: number;
  readonly dryMultiplier: number;
  readonly dryBase: number;
  readonly dryAllowedLength: number;
  /** -1: the whole context. */
  readonly dryPenaltyLastN: number;
  readonly drySequenceBreakers: readonly string[];
  readonly samplers: readonly SamplerName[];
}

/** Truncating samplers whose order a request may choose, in the default order. */
export const samplerNames = [
  "penalties",
  "dry",
  "top_n_sigma",
  "top_k",
  "typ_p",
  "top_p",
  "min_p",
  "xtc",
  "temperature",
] as const;
export type SamplerName = (typeof samplerNames)[number];

export type EngineEvent =
  | { readonly type: "started"; readonly cachedTokens: number; readonly slot: number }
  | { readonly type: "progress"; readonly processedTokens: number; readonly elapsedMs: number }
  | TextEvent
  | {
      readonly type: "finished";
      readonly choice: number;
      /** `late`: by `maxDecodeMs`; `length`: by `maxTokens`, or the context is full. */
      readonly reason: "stop" | "length" | "late";
      readonly stopSequence: string | undefined;
      /** The one of the job's stop tokens that was drawn. */
      readonly stopToken?: number;
      readonly completionTokens: number;
      /** The end token that the model sampled, when log-probabilities were asked for. */
      readonly endLogprob?: TokenLogprob;
      readonly timings: EngineTimings;
    };

/** Whole UTF-8 characters that can no longer become part of a stop text. */
export interface TextEvent {
  readonly type: "text";
  readonly choice: number;
  readonly text: string;
  /** How many tokens were generated for this choice so far. */
  readonly completionTokens: number;
  /** The tokens that `text` came from, when log-probabilities were asked for. */
  readonly logprobs: readonly TokenLogprob[];
}

export interface TokenLogprob {
  readonly token: TokenCandidate;
  readonly top: readonly TokenCandidate[];
}

export interface TokenCandidate {
  readonly id: number;
  readonly bytes: Uint8Array;
  /** Natural logarithm, under the model before sampling. */
  readonly logprob: number;
}

/** In ms; `startedAt` in ms since 1970. */
export interface EngineTimings {
  readonly startedAt: number;
  readonly queueMs: number;
  readonly prefillMs: number;
  readonly decodeMs: number;
}

export interface EmbedJob {
  readonly inputs: readonly Int32Array[];
  /** undefined: as `info.embedding` says. */
  readonly pooling: Pooling | undefined;
}

/** How the vectors of an input's tokens become one: their mean, the first, the last; `none`: they stay as they are. */
export type Pooling = "mean" | "cls" | "last" | "none";

export interface RankJob {
  /** Query and document, as `info.ranking.prompt` says. */
  readonly inputs: readonly Int32Array[];
}

export interface EngineStats {
  readonly busySlots: number;
  readonly waiting: number;
  readonly kvCellsUsed: number;
  readonly kvCells: number;
  readonly decodeSteps: number;
  readonly decodedSequences: number;
  readonly promptTokens: number;
  readonly cachedTokens: number;
  readonly completionTokens: number;
  readonly threads: number;
  /** Inside llama_decode, and between one and the next while there is work: sampling, admission, the next batch. */
  readonly decodeMs: number;
  readonly betweenStepsMs: number;
  /** Prompt states kept beyond the slots: prompts that found one, prompts that did not, and what all of them take. */
  readonly promptCache: { readonly hits: number; readonly misses: number; readonly bytes: number };
}
