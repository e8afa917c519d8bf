import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import type { ModelSettings } from "../../../../settings/settings.ts";
import type { ScoreJob, TokenLogprob } from "../../engine.ts";
import { commonParams } from "../load/context-params.ts";
import { tokenLogprob } from "../sampling/logprobs.ts";
import type { LlamaApi } from "../native/api.ts";
import { Batch } from "../native/batch.ts";
import type { AdapterSet } from "../native/adapter-set.ts";
import { Context } from "../native/context.ts";
import type { Model } from "../native/model.ts";
import type { Threadpool } from "../native/threads/threadpool.ts";
import type { Threads } from "../cpu/threads.ts";
import type { Turns } from "../loop/turns.ts";

export interface ScorerParts {
  readonly llama: LlamaApi;
  readonly model: Model;
  readonly settings: ModelSettings;
  readonly threadpool: Threadpool;
  readonly adapters: AdapterSet;
  readonly threads: () => Threads;
  readonly turns: Turns;
  readonly contextLength: number;
}

/** Tokens of one step, each with logits of its own: their softmax runs on the thread that serves everybody. */
const stepTokens = 64;

/**
 * Says how likely a model finds a given text, token by token. In a context of its own, made when first needed: there is
 * one row of logits per token, which the context that generates has no room for.
 */
export class Scorer {
  readonly #parts: ScorerParts;
  #made: Promise<{ context: Context; batch: Batch }> | undefined;
  /** One text at a time: there is one sequence. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: ScorerParts) {
    this.#parts = parts;
  }

  /** One entry per token; the first has nothing before it, so it is undefined. */
  score(job: ScoreJob, signal: AbortSignal): Promise<(TokenLogprob | undefined)[]> {
    const scored = this.#last.then(() => this.#score(job, signal));
    this.#last = scored.catch(() => undefined);
    return scored;
  }

  async #score({ tokens, top, adapters }: ScoreJob, signal: AbortSignal): Promise<(TokenLogprob | undefined)[]> {
    signal.throwIfAborted();
    const { context, batch } = await (this.#made ??= this.#create());
    const { vocabulary } = this.#parts.model;
    const scores: (TokenLogprob | undefined)[] = [undefined];
    context.clear();
    // The last token predicts nothing that is asked for.
    for (let start = 0; start < tokens.length - 1; start += stepTokens) {
      signal.throwIfAborted();
      const end = Math.min(start + stepTokens, tokens.length - 1);
      await this.#parts.turns.take(async () => {
        batch.clear();
        for (let at = start; at < end; at++) batch.add(tokens[at] ?? 0, at, 0, true);
        const { prefill } = this.#parts.threads();
        context.setThreads(prefill, prefill);
        context.useAdapters(adapters);
        const code = await context.decode(batch);
        if (code !== 0) throw new RpcError(ErrorReason.INTERNAL, `llama.cpp could not score the prompt (${code})`);
        for (let at = start; at < end; at++) {
          const logits = context.logits(at - start, vocabulary.size);
          scores.push(tokenLogprob(logits, { token: tokens[at + 1] ?? 0, top, vocabulary }));
        }
      });
    }
    return scores;
  }

  async #create(): Promise<{ context: Context; batch: Batch }> {
    const { llama, model, settings, threadpool, adapters, contextLength } = this.#parts;
    const context = await Context.create(llama, model, {
      threadpool,
      adapters,
      params: {
        ...commonParams(settings),
        n_ctx: contextLength,
        n_batch: stepTokens,
        n_ubatch: stepTokens,
        n_seq_max: 1,
        n_outputs_max: stepTokens,
      },
    });
    if (context !== undefined) return { context, batch: new Batch(stepTokens) };
    // A context that could not be made (no memory) is tried again by the next request.
    this.#made = undefined;
    throw new RpcError(
      ErrorReason.INSUFFICIENT_MEMORY,
      "there is not enough memory to score prompts (echo with logprobs)",
    );
  }

  async close(): Promise<void> {
    const made = await this.#made?.catch(() => undefined);
    await made?.context.free();
    made?.batch.free();
  }
}
