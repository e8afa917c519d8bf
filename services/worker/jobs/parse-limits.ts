import { invalidParameter } from "../../../clients/errors.ts";
import type { GenerationOptions } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { Engine, GenerateJob } from "../../engine/engine.ts";
import { listLimits, numberOption } from "../../../clients/number-options.ts";
import { tooManyChoices } from "../../protocol/refusals.ts";
import { parseAdapters } from "./parse-adapters.ts";
import { checkToken } from "./parse-sampling.ts";

/** A stop text is searched for in everything that is generated, and text that might begin one is held back. */
const maxStopLength = 1024;

/** How much is generated, how often, and what ends it. */
export type Limits = Pick<
  GenerateJob,
  | "choices"
  | "maxTokens"
  | "minTokens"
  | "ignoreEos"
  | "stop"
  | "shownStops"
  | "stopTokens"
  | "showStopToken"
  | "topLogprobs"
  | "cachePrompt"
  | "slot"
  | "adapters"
  | "maxDecodeMs"
  | "reportProgress"
  | "keepSpecial"
> & {
  /** Log-probabilities of the prompt's tokens: how many alternatives each; undefined: none. */
  readonly promptLogprobs: number | undefined;
};

/** The limits of a request for this model. Throws INVALID_PARAMETER. */
export function parseLimits(options: GenerationOptions | undefined, engine: Pick<Engine, "info" | "adapters">): Limits {
  const { info } = engine;
  const stop = parseStops(options?.stop ?? []);
  const includeStop = options?.includeStop ?? false;
  return {
    choices: parseChoices(options, info.slots),
    ...parseTokenLimits(options, info.contextLength),
    ignoreEos: options?.ignoreEos ?? false,
    stop,
    shownStops: includeStop ? stop : [],
    stopTokens: parseStopTokens(options?.stopTokenIds ?? [], info.vocabularySize),
    showStopToken: includeStop,
    keepSpecial: options?.keepSpecial ?? false,
    topLogprobs: numberOption(options, "topLogprobs"),
    promptLogprobs: numberOption(options, "promptLogprobs"),
    cachePrompt: options?.cachePrompt ?? true,
    slot: options?.slot,
    adapters: parseAdapters(options?.adapters, engine.adapters()),
    maxDecodeMs: options?.maxDecodeMs,
    reportProgress: options?.reportProgress ?? false,
  };
}

/** How many choices a request wants; all of them run at once, so a model cannot give more than it has slots. */
export function parseChoices(options: GenerationOptions | undefined, slots: number): number {
  const n = numberOption(options, "n");
  if (n > slots) throw tooManyChoices(n, slots);
  return n;
}

function parseTokenLimits(options: GenerationOptions | undefined, contextLength: number) {
  const maxTokens = numberOption(options, "maxTokens");
  const minTokens = numberOption(options, "minTokens");
  if (minTokens > contextLength) {
    const message = `min_tokens is too large: ${minTokens}. This model's context holds ${contextLength} tokens.`;
    throw invalidParameter("min_tokens", message);
  }
  if (maxTokens !== undefined && minTokens > maxTokens) {
    throw invalidParameter("min_tokens", `min_tokens (${minTokens}) must not be above max_tokens (${maxTokens})`);
  }
  // More than the context holds is as much as it holds: an answer that fills it ends there.
  return { maxTokens: maxTokens === undefined ? undefined : Math.min(maxTokens, contextLength), minTokens };
}

function parseStopTokens(tokens: readonly number[], vocabularySize: number): readonly number[] {
  if (tokens.length > listLimits.stop) {
    const message = `stop_token_ids may have at most ${listLimits.stop} entries, not ${tokens.length}`;
    throw invalidParameter("stop_token_ids", message);
  }
  for (const token of tokens) checkToken("stop_token_ids", token, vocabularySize);
  return tokens;
}

function parseStops(stop: readonly string[]): readonly string[] {
  if (stop.length > listLimits.stop) {
    throw invalidParameter("stop", `stop may have at most ${listLimits.stop} entries, not ${stop.length}`);
  }
  for (const [i, text] of stop.entries()) {
    if (text === "") throw invalidParameter(`stop[${i}]`, "a stop text must not be empty");
    if (text.length > maxStopLength) {
      throw invalidParameter(
        `stop[${i}]`,
        `a stop text may have at most ${maxStopLength} characters, not ${text.length}`,
      );
    }
  }
  return stop;
}
