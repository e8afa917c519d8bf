import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import type {
  EmbedJob,
  Engine,
  EngineEvent,
  EngineInfo,
  EngineStats,
  MediaPrompt,
  PromptPart,
  GenerateJob,
  RankJob,
  ScoreJob,
  SlotAction,
  SlotChange,
  SlotState,
  TokenLogprob,
  TokenizeOptions,
} from "../engine.ts";
import type { LoraAdapter } from "../../../settings/model/lora-adapters.ts";
import type { SlotFiles } from "./kv/slot-files.ts";
import type { AdapterSet } from "./native/adapter-set.ts";
import type { Embedder } from "./pooling/embedder.ts";
import { isMedia } from "./kv/media-tokens.ts";
import type { MediaParts } from "./multimodal/create-media.ts";
import type { Grammars } from "./sampling/grammars.ts";
import type { Model } from "./native/model.ts";
import type { Ranker } from "./pooling/ranker.ts";
import { GenerateRequest } from "./loop/generate-request.ts";
import type { DrySamplers } from "./sampling/dry-samplers.ts";
import type { Scorer } from "./pooling/scorer.ts";
import type { StepLoop } from "./loop/step-loop.ts";

export interface LlamaEngineParts {
  readonly info: EngineInfo;
  readonly model: Model;
  readonly grammars: Grammars;
  readonly drySamplers: DrySamplers;
  /** undefined: it takes text alone. */
  readonly media: MediaParts | undefined;
  readonly adapters: AdapterSet;
  /** undefined: callers may not. */
  readonly slotFiles: SlotFiles | undefined;
  /** undefined: a model that only embeds. */
  readonly loop: StepLoop | undefined;
  readonly embedder: Embedder;
  /** undefined: a model that does not rank. */
  readonly ranker: Ranker | undefined;
  readonly scorer: Scorer;
  /** How many tokens were embedded or ranked so far. */
  readonly inputTokens: () => number;
  readonly listeners: Set<() => void>;
  /** Frees what the parts stand on, after they are closed. */
  readonly free: () => Promise<void>;
}

export const idleStats: EngineStats = {
  busySlots: 0,
  waiting: 0,
  kvCellsUsed: 0,
  kvCells: 0,
  decodeSteps: 0,
  decodedSequences: 0,
  promptTokens: 0,
  cachedTokens: 0,
  completionTokens: 0,
  threads: 0,
  decodeMs: 0,
  betweenStepsMs: 0,
  promptCache: { hits: 0, misses: 0, bytes: 0 },
};

/** The Engine over llama.cpp's C API. */
export class LlamaEngine implements Engine {
  readonly info: EngineInfo;
  readonly #parts: LlamaEngineParts;
  #closed: Promise<void> | undefined;

  constructor(parts: LlamaEngineParts) {
    this.info = parts.info;
    this.#parts = parts;
  }

  tokenize(text: string, options: TokenizeOptions): Promise<Int32Array> {
    return this.#parts.model.vocabulary.tokenize(text, options);
  }

  tokenizeMedia(parts: readonly PromptPart[], options: Pick<TokenizeOptions, "addSpecial">): Promise<MediaPrompt> {
    const { media } = this.#parts;
    if (media === undefined) throw new Error("pictures were let through to a model without a projector");
    return media.prompter.tokenize(parts, options);
  }

  tokenBytes(token: number, { special = false }: { readonly special?: boolean } = {}): Uint8Array {
    return this.#parts.model.vocabulary.piece(token, special);
  }

  async *generate(job: GenerateJob, signal: AbortSignal): AsyncGenerator<EngineEvent> {
    const { loop, grammars, adapters, drySamplers } = this.#parts;
    if (loop === undefined)
      throw new RpcError(ErrorReason.INVALID_PARAMETER, "this model turns texts into vectors and cannot generate", {
        param: "model",
      });
    this.#check(job);
    signal.throwIfAborted();
    const grammar = job.grammar && (await grammars.get(job.grammar, { keepControl: job.keepSpecial, signal }));
    await drySamplers.prepare(job.sampling);
    const request = new GenerateRequest(job, {
      grammar,
      adapters: job.adapters ?? adapters.scales,
      onTaken: () => loop.wake(),
    });
    const abort = (): void => {
      request.outbox.fail(signal.reason);
      loop.abandon(request);
    };
    try {
      signal.throwIfAborted();
      signal.addEventListener("abort", abort, { once: true });
      loop.submit(request);
      yield* request.outbox;
    } finally {
      signal.removeEventListener("abort", abort);
      loop.abandon(request);
    }
  }

  async embed(job: EmbedJob, signal: AbortSignal): Promise<Float32Array[]> {
    this.#checkInputs(job.inputs, this.info.embedding.inputTokens);
    return this.#parts.embedder.embed(job, signal);
  }

  async rank(job: RankJob, signal: AbortSignal): Promise<Float32Array> {
    const { ranker } = this.#parts;
    if (ranker === undefined || this.info.ranking === undefined)
      throw new RpcError(ErrorReason.INVALID_PARAMETER, "this model has no head that ranks documents", {
        param: "model",
      });
    this.#checkInputs(job.inputs, this.info.ranking.inputTokens);
    return ranker.rank(job, signal);
  }

  score(job: ScoreJob, signal: AbortSignal): Promise<(TokenLogprob | undefined)[]> {
    this.#checkTokens(job.tokens);
    return this.#parts.scorer.score(job, signal);
  }

  adapters(): readonly LoraAdapter[] {
    return this.#parts.adapters.list();
  }

  setAdapters(scales: readonly number[]): void {
    this.#parts.adapters.scales = scales;
  }

  async changeSlot(id: number, action: SlotAction): Promise<SlotChange> {
    const { slotFiles } = this.#parts;
    if (slotFiles !== undefined) return slotFiles.change(id, action);
    const message = "slots are not saved, restored or erased by callers here: set slot_save_path";
    throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param: "action" });
  }

  slots(): readonly SlotState[] {
    return this.#parts.loop?.slots() ?? [];
  }

  stats(): EngineStats {
    const stats = this.#parts.loop?.stats() ?? idleStats;
    return { ...stats, promptTokens: stats.promptTokens + this.#parts.inputTokens() };
  }

  onStats(listener: () => void): () => void {
    this.#parts.listeners.add(listener);
    return () => this.#parts.listeners.delete(listener);
  }

  close(): Promise<void> {
    // What is freed twice ends the process.
    return (this.#closed ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#parts.loop?.close();
    await this.#parts.media?.encoder.close();
    await this.#parts.embedder.close();
    await this.#parts.ranker?.close();
    await this.#parts.scorer.close();
    await this.#parts.free();
  }

  /** What native code would answer by ending the process. The worker has checked it all with better words. */
  #check({ prompt, choices, media = [] }: GenerateJob): void {
    const { slots, contextLength } = this.info;
    if (prompt.length === 0) throw new RangeError("the prompt has no tokens");
    const inMedia = media.reduce((sum, { rows }) => sum + rows, 0);
    const text = prompt.filter((token) => !isMedia(token));
    if (prompt.length - text.length !== inMedia) throw new RangeError("the prompt's media are not where it says");
    this.#checkTokens(text);
    if (choices < 1 || choices > slots) throw new RangeError(`${choices} choices do not fit ${slots} slots`);
    if (prompt.length >= contextLength)
      throw new RpcError(
        ErrorReason.CONTEXT_LENGTH_EXCEEDED,
        `the prompt has ${prompt.length} tokens, and the context holds ${contextLength} with the answer`,
      );
  }

  #checkInputs(inputs: readonly Int32Array[], max: number): void {
    for (const [index, input] of inputs.entries()) {
      this.#checkTokens(input);
      if (input.length === 0) throw new RangeError(`input[${index}] has no tokens`);
      if (input.length <= max) continue;
      const message = `input[${index}] has ${input.length} tokens, this model takes at most ${max}`;
      throw new RpcError(ErrorReason.CONTEXT_LENGTH_EXCEEDED, message, { param: `input[${index}]` });
    }
  }

  #checkTokens(tokens: Int32Array): void {
    const { vocabulary } = this.#parts.model;
    for (const token of tokens)
      if (!vocabulary.has(token)) throw new RangeError(`token ${token} is not in the vocabulary`);
  }
}
