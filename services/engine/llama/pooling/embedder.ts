import type { EmbedJob, EmbeddingInfo } from "../../engine.ts";
import type { InputLimits } from "./input-limits.ts";
import type { Context } from "../native/context.ts";
import { InputRunner, type InputRunnerParts } from "./input-runner.ts";
import { createPool, type Pool } from "./pool.ts";

export interface EmbedderParts extends InputRunnerParts {
  readonly limits: InputLimits;
  /** What jobs without a pooling get. */
  readonly pooling: EmbeddingInfo["pooling"];
}

/** llama.cpp hands out every token's vector, and we pool. */
const poolingNone = 0;

/** Turns token lists into vectors. */
export class Embedder {
  readonly #parts: EmbedderParts;
  readonly #runner: InputRunner;

  constructor(parts: EmbedderParts) {
    this.#parts = parts;
    this.#runner = new InputRunner(parts, { pooling: poolingNone, limits: parts.limits });
  }

  /** Makes ready for requests, so that the first is not slower than the others. */
  prepare(): Promise<Context> {
    return this.#runner.prepare();
  }

  async embed({ inputs, pooling = this.#parts.pooling }: EmbedJob, signal: AbortSignal): Promise<Float32Array[]> {
    if (pooling === undefined) throw new RangeError("this model says no pooling, so the job must");
    const width = this.#parts.model.embeddingLength;
    const vectors: Float32Array[] = [];
    // Of an input that takes several batches; others come and go with theirs.
    let begun: Pool | undefined;
    await this.#runner.run(inputs, signal, (context, pieces) => {
      const last = pieces.at(-1);
      const rows = context.tokenEmbeddings((last?.firstToken ?? 0) + (last?.tokens ?? 0), width);
      for (const { input, firstToken, tokens, isLast } of pieces) {
        begun ??= createPool(pooling, { width, tokens: inputs[input]?.length ?? 0 });
        begun.add(rows.subarray(firstToken * width, (firstToken + tokens) * width));
        if (!isLast) continue;
        vectors.push(begun.result());
        begun = undefined;
      }
    });
    return vectors;
  }

  close(): Promise<void> {
    return this.#runner.close();
  }
}
