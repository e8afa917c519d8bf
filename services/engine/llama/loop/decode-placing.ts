/** The thread that computes a step: the one that serves everybody, which waits meanwhile, or another. */
export type DecodePlace = "here" | "elsewhere";

export interface StepSize {
  /** Of all sequences together. */
  readonly promptTokens: number;
  /** That compute. */
  readonly threads: number;
}

export interface DecodePlacing {
  choose(step: StepSize): DecodePlace;
  /** What the step took. */
  observe(step: StepSize, ms: number): void;
}

export interface DecodePlacingOptions {
  /** Cores that the process may use. */
  readonly cores: number;
  readonly usesGpu: boolean;
}

/** A step that is shorter is over before another thread could have told of its end: waking it and back takes 0.1 to 0.3 ms. */
const handOverMs = 2;
/** Whoever asks something else meanwhile waits no longer than this. */
const maxWaitMs = 25;

/**
 * Chooses where a step is computed, by what steps took so far. Elsewhere, what the last step sampled is delivered
 * meanwhile, which pays where a core is free for it. Where every core computes it does not: ggml's threads wait for each
 * other by spinning, so that one which has lost its core to delivery keeps all others from the work.
 */
export function createDecodePlacing({ cores, usesGpu }: DecodePlacingOptions): DecodePlacing {
  let decodeMs = Infinity;
  let promptMsPerToken = Infinity;
  return {
    choose({ promptTokens, threads }) {
      const ms = promptTokens === 0 ? decodeMs : decodeMs + promptTokens * promptMsPerToken;
      const allCompute = !usesGpu && threads >= cores;
      return ms <= (allCompute ? maxWaitMs : handOverMs) ? "here" : "elsewhere";
    },
    observe({ promptTokens }, ms) {
      if (promptTokens === 0) decodeMs = ms;
      else promptMsPerToken = ms / promptTokens;
    },
  };
}
