import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import type { EmbedJob } from "../engine.ts";
import type { ModelSettings } from "../../config.ts";
import { commonParams } from "./context-params.ts";
import type { LlamaApi } from "./native/api.ts";
import { Batch } from "./native/batch.ts";
import { type Adapter, Context } from "./native/context.ts";
import type { Model } from "./native/model.ts";
import type { Threadpool } from "./native/threadpool.ts";
import type { Threads } from "./threads.ts";
import type { Turns } from "./turns.ts";

export interface EmbedderParts {
  readonly llama: LlamaApi;
  readonly model: Model;
  readonly settings: ModelSettings;
  readonly threadpool: Threadpool;
  readonly adapters: readonly Adapter[];
  readonly threads: () => Threads;
  readonly turns: Turns;
  /** Tokens the model can place, at most. */
  readonly contextLength: number;
}

/** Inputs that are computed together, at most. */
const maxSequences = 64;
const poolings = { mean: 1, cls: 2, last: 3 } as const;
const poolingNone = 0;
/** Encoders keep logits for every input token: this many bytes of them at most. */
const outputBytes = 256 * 1024 * 1024;
const leastBatchTokens = 512;

/** Turns token lists into vectors, many to a batch, in contexts of their own that are made when first needed. */
export class Embedder {
  readonly #parts: EmbedderParts;
  /** By pooling; -1: as the model says. */
  readonly #contexts = new Map<number, Promise<{ context: Context; batch: Batch }>>();

  constructor(parts: EmbedderParts) {
    this.#parts = parts;
  }

  /** Makes ready for requests that leave the pooling to the model. */
  async prepare(): Promise<void> {
    await this.#context(undefined);
  }

  async embed({ inputs, pooling }: EmbedJob, signal: AbortSignal): Promise<Float32Array[]> {
    const { context, batch } = await this.#context(pooling);
    inputs.forEach((input, index) => {
      if (input.length <= batch.capacity) return;
      const message = `input[${index}] has ${input.length} tokens, this model embeds at most ${batch.capacity} at once`;
      throw new RpcError(ErrorReason.CONTEXT_LENGTH_EXCEEDED, message, { param: `input[${index}]` });
    });
    const vectors: Float32Array[] = [];
    while (vectors.length < inputs.length) {
      signal.throwIfAborted();
      const group = takeGroup(inputs, vectors.length, batch.capacity);
      vectors.push(...(await this.#parts.turns.take(() => this.#run(context, batch, group))));
    }
    return vectors;
  }

  async #run(context: Context, batch: Batch, group: readonly Int32Array[]): Promise<Float32Array[]> {
    const { model, threads } = this.#parts;
    batch.clear();
    // A sequence is pooled as a whole, so nothing of an earlier batch may be left.
    context.clear();
    group.forEach((tokens, sequence) => tokens.forEach((token, at) => batch.add(token, at, sequence, true)));
    const { prefill } = threads();
    context.setThreads(prefill, prefill);
    const code = await (context.hasMemory ? context.decode(batch) : context.encode(batch));
    if (code !== 0) throw new RpcError(ErrorReason.INTERNAL, `llama.cpp could not compute the embeddings (${code})`);
    return group.map((_, sequence) => context.embedding(sequence, model.embeddingLength));
  }

  #context(pooling: EmbedJob["pooling"]): Promise<{ context: Context; batch: Batch }> {
    const key = pooling === undefined ? -1 : poolings[pooling];
    const known = this.#contexts.get(key);
    if (known !== undefined) return known;
    const made = this.#create(key);
    this.#contexts.set(key, made);
    // A context that could not be made (no memory) is tried again by the next request.
    made.catch(() => this.#contexts.delete(key));
    return made;
  }

  async #create(pooling: number): Promise<{ context: Context; batch: Batch }> {
    const { llama, model, settings, threadpool, adapters, contextLength } = this.#parts;
    const fits = Math.floor(outputBytes / (model.vocabulary.size * 4));
    const tokens = Math.min(contextLength, Math.max(leastBatchTokens, fits));
    const create = (type: number) =>
      Context.create(llama, model, {
        threadpool,
        adapters,
        params: {
          ...commonParams(settings),
          n_ctx: tokens,
          n_batch: tokens,
          // Pooling sees one physical batch only: a sequence must fit in it.
          n_ubatch: tokens,
          n_seq_max: Math.min(maxSequences, tokens),
          n_outputs_max: tokens,
          // The pool of cells is shared by whatever sequences a batch has.
          kv_unified: true,
          embeddings: true,
          pooling_type: type,
        },
      });
    let context = await create(pooling);
    // Ordinary language models say "none", one vector per token: the mean is what their users get elsewhere.
    if (context !== undefined && pooling === -1 && context.pooling === poolingNone) {
      await context.free();
      context = await create(poolings.mean);
    }
    if (context === undefined)
      throw new RpcError(ErrorReason.INSUFFICIENT_MEMORY, "there is not enough memory for the embedding context");
    return { context, batch: new Batch(Math.min(tokens, context.batchTokens)) };
  }

  async close(): Promise<void> {
    for (const made of this.#contexts.values()) {
      const parts = await made.catch(() => undefined);
      await parts?.context.free();
      parts?.batch.free();
    }
  }
}

/** As many of the next inputs as fit one batch. */
function takeGroup(inputs: readonly Int32Array[], from: number, capacity: number): Int32Array[] {
  const group: Int32Array[] = [];
  let tokens = 0;
  for (const input of inputs.slice(from, from + maxSequences)) {
    tokens += input.length;
    if (group.length > 0 && tokens > capacity) break;
    group.push(input);
  }
  return group;
}
