import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import type { ModelSettings } from "../../../../settings/settings.ts";
import { commonParams } from "../load/context-params.ts";
import { type InputLimits, logitBytes } from "./input-limits.ts";
import type { LlamaApi } from "../native/api.ts";
import { Batch } from "../native/batch.ts";
import type { AdapterSet } from "../native/adapter-set.ts";
import { Context } from "../native/context.ts";
import type { Model } from "../native/model.ts";
import type { ContextParams } from "../native/structs.ts";
import type { Threadpool } from "../native/threads/threadpool.ts";

export interface InputContextParts {
  readonly llama: LlamaApi;
  readonly model: Model;
  readonly settings: ModelSettings;
  readonly threadpool: Threadpool;
  readonly adapters: AdapterSet;
}

export interface InputContextOptions {
  /** llama_pooling_type. */
  readonly pooling: number;
  readonly limits: InputLimits;
}

/** Inputs of one batch, at most: llama.cpp reserves a row of logits for each from the start. */
const maxSequences = 128;
/** Each sequence of a recurrent model has a whole state of its own. */
const maxRecurrentSequences = 8;
/** An input's usual length: room for more is made when one comes that needs it. */
const usualTokens = 2048;
const outOfMemory = -2;

interface Sizes {
  readonly inputTokens: number;
  readonly batchTokens: number;
  /** Of the batch. */
  readonly capacity: number;
}

/** llama.cpp's parameters for a context with room for inputs of the usual length, or for longer ones if one has `tokens`. */
export function inputContextParams(
  { settings, model }: Pick<InputContextParts, "settings" | "model">,
  { pooling, limits }: InputContextOptions,
  tokens: number,
): Partial<ContextParams> & { readonly n_ctx: number; readonly n_batch: number } {
  const { batchTokens, cuts } = limits;
  const inputTokens = tokens <= usualTokens ? Math.min(usualTokens, limits.inputTokens) : limits.inputTokens;
  const capacity = cuts ? batchTokens : inputTokens;
  return {
    ...commonParams(settings),
    n_ctx: inputTokens,
    n_batch: capacity,
    n_ubatch: capacity,
    n_seq_max: Math.min(batchTokens, model.isRecurrent ? maxRecurrentSequences : maxSequences),
    n_outputs_max: capacity,
    // The pool of cells is shared by whatever sequences a batch has.
    kv_unified: true,
    embeddings: true,
    pooling_type: pooling,
  };
}

/** A context that outputs something for every token, with the batch that feeds it. */
export class InputContext {
  readonly context: Context;
  readonly batch: Batch;
  /** Tokens of one input, at most. */
  readonly inputTokens: number;
  readonly #model: Model;
  /** Tokens whose outputs it has had memory for. */
  #reserved: number;

  private constructor(model: Model, context: Context, sizes: Sizes) {
    this.#model = model;
    this.context = context;
    this.batch = new Batch(Math.min(sizes.capacity, context.batchTokens));
    this.inputTokens = sizes.inputTokens;
    this.#reserved = sizes.batchTokens;
  }

  /** A context for inputs of the usual length, or for longer ones if one has `tokens`. Throws INSUFFICIENT_MEMORY. */
  static async create(
    parts: InputContextParts,
    { pooling, limits }: InputContextOptions,
    tokens: number,
  ): Promise<InputContext> {
    const { llama, model, threadpool, adapters } = parts;
    const { batchTokens } = limits;
    const params = inputContextParams(parts, { pooling, limits }, tokens);
    const { n_ctx: inputTokens, n_batch: capacity } = params;
    const context = await Context.create(llama, model, { threadpool, adapters, params });
    if (context !== undefined) return new InputContext(model, context, { inputTokens, batchTokens, capacity });
    const message = "there is not enough memory to compute embeddings with this model";
    throw new RpcError(ErrorReason.INSUFFICIENT_MEMORY, message);
  }

  /** Computes what is in the batch. Throws INSUFFICIENT_MEMORY when that cannot be done now. */
  async compute(threads: number): Promise<void> {
    const { context, batch } = this;
    this.#checkMemory(batch.size);
    context.setThreads(threads, threads);
    context.useAdapters();
    const decodes = context.hasMemory && !this.#model.isEncoder;
    const code = await (decodes ? context.decode(batch) : context.encode(batch));
    if (code === 0) return;
    if (code !== outOfMemory)
      throw new RpcError(ErrorReason.INTERNAL, `llama.cpp could not compute the inputs (${code})`);
    throw new RpcError(ErrorReason.INSUFFICIENT_MEMORY, "there is not enough memory for these inputs: shorten them");
  }

  /** Only an input that is longer than a batch and cannot be cut needs more than what is there. */
  #checkMemory(tokens: number): void {
    if (tokens <= this.#reserved) return;
    const bytes = tokens * this.#model.vocabulary.size * 4;
    const free = process.availableMemory();
    if (bytes > logitBytes && bytes > free / 2) {
      const [needed, there] = [bytes, free].map((size) => Math.round(size / 2 ** 20));
      const message = `an input of ${tokens} tokens takes ${needed} MiB at once with this model, and ${there} MiB are free: shorten it`;
      throw new RpcError(ErrorReason.INSUFFICIENT_MEMORY, message);
    }
    this.#reserved = tokens;
  }

  async free(): Promise<void> {
    await this.context.free();
    this.batch.free();
  }
}
