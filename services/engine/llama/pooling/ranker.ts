import type { RankJob } from "../../engine.ts";
import type { InputLimits } from "./input-limits.ts";
import type { Context } from "../native/context.ts";
import { InputRunner, type InputRunnerParts } from "./input-runner.ts";

export interface RankerParts extends InputRunnerParts {
  readonly limits: InputLimits;
}

const poolingRank = 4;

/** Scores token lists by the model's classification head. */
export class Ranker {
  readonly #runner: InputRunner;

  constructor(parts: RankerParts) {
    this.#runner = new InputRunner(parts, { pooling: poolingRank, limits: parts.limits });
  }

  prepare(): Promise<Context> {
    return this.#runner.prepare();
  }

  async rank({ inputs }: RankJob, signal: AbortSignal): Promise<Float32Array> {
    const scores = new Float32Array(inputs.length);
    await this.#runner.run(inputs, signal, (context, pieces) => {
      // Of an input in several batches the last one has the token that the head looks at.
      for (const { input, sequence, isLast } of pieces) if (isLast) scores[input] = context.rank(sequence);
    });
    return scores;
  }

  close(): Promise<void> {
    return this.#runner.close();
  }
}
