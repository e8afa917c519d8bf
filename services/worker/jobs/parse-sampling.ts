import { invalidParameter } from "../../../clients/errors.ts";
import type { GenerationOptions, LogitBias } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { samplerNames, type Engine, type SamplerName, type Sampling } from "../../engine/engine.ts";
import type { LoadedModel } from "../loaded-model.ts";
import { listLimits, maxBias, numberOption } from "../../../clients/number-options.ts";

/** LLAMA_DEFAULT_SEED: no seed. */
const randomSeed = 0xffffffff;
/** In characters: the texts that stand for tokens are short, and all of them are tokenized between two steps. */
const maxBiasText = 256;
const maxBiasTexts = 32_768;
/** Sequence breakers of llama.cpp's DRY sampler when none are given. */
const defaultBreakers: readonly string[] = ["\n", ":", '"', "*"];

/** How tokens are sampled, from the request, the model's settings and the defaults. Throws INVALID_PARAMETER. */
export async function parseSampling(
  options: GenerationOptions | undefined,
  { engine, settings }: Pick<LoadedModel, "engine" | "settings">,
): Promise<Sampling> {
  // Samplers allocate what they look back on, so a huge value must not reach them; the context holds no more anyway.
  const lookBack = (tokens: number) => Math.min(tokens, engine.info.contextLength);
  return {
    seed: numberOption(options, "seed") ?? (settings.seed === randomSeed ? undefined : settings.seed),
    temperature: numberOption(options, "temperature"),
    topP: numberOption(options, "topP"),
    topK: numberOption(options, "topK"),
    minP: numberOption(options, "minP"),
    typicalP: numberOption(options, "typicalP"),
    topNSigma: numberOption(options, "topNSigma"),
    presencePenalty: numberOption(options, "presencePenalty"),
    frequencyPenalty: numberOption(options, "frequencyPenalty"),
    repeatPenalty: numberOption(options, "repeatPenalty"),
    repeatLastN: lookBack(numberOption(options, "repeatLastN") ?? settings.last_n_tokens_size),
    logitBias: await parseLogitBias(options?.logitBias ?? [], engine),
    dynatempRange: numberOption(options, "dynatempRange"),
    dynatempExponent: numberOption(options, "dynatempExponent"),
    xtcProbability: numberOption(options, "xtcProbability"),
    xtcThreshold: numberOption(options, "xtcThreshold"),
    mirostat: numberOption(options, "mirostat") as Sampling["mirostat"],
    mirostatTau: numberOption(options, "mirostatTau"),
    mirostatEta: numberOption(options, "mirostatEta"),
    dryMultiplier: numberOption(options, "dryMultiplier"),
    dryBase: numberOption(options, "dryBase"),
    dryAllowedLength: numberOption(options, "dryAllowedLength"),
    dryPenaltyLastN: lookBack(numberOption(options, "dryPenaltyLastN")),
    drySequenceBreakers: parseBreakers(options?.drySequenceBreakers ?? []),
    samplers: parseSamplers(options?.samplers ?? []),
  };
}

async function parseLogitBias(biases: readonly LogitBias[], engine: Engine): Promise<Sampling["logitBias"]> {
  if (biases.length > listLimits.logitBias) {
    throw invalidParameter(
      "logit_bias",
      `logit_bias may have at most ${listLimits.logitBias} entries, not ${biases.length}`,
    );
  }
  checkBiasTexts(biases);
  const parsed = await Promise.all(
    biases.map(async ({ target, bias }) => {
      if (!(bias === -Infinity || Math.abs(bias) <= maxBias)) {
        throw invalidParameter(
          "logit_bias",
          `a bias must be between -${maxBias} and ${maxBias}, or -infinity, not ${bias}`,
        );
      }
      return (await biasedTokens(target, engine)).map((token) => ({ token, bias }));
    }),
  );
  return parsed.flat();
}

/** Before any of them is tokenized. */
function checkBiasTexts(biases: readonly LogitBias[]): void {
  let characters = 0;
  for (const { target } of biases) {
    if (target.case !== "text") continue;
    const { length } = target.value;
    characters += length;
    if (length > maxBiasText)
      throw invalidParameter(
        "logit_bias",
        `a text in logit_bias may have at most ${maxBiasText} characters, not ${length}`,
      );
  }
  if (characters > maxBiasTexts)
    throw invalidParameter(
      "logit_bias",
      `the texts in logit_bias may have at most ${maxBiasTexts} characters together, not ${characters}`,
    );
}

async function biasedTokens(target: LogitBias["target"], engine: Engine): Promise<number[]> {
  switch (target.case) {
    case "token":
      checkToken("logit_bias", target.value, engine.info.vocabularySize);
      return [target.value];
    case "text":
      return [...(await engine.tokenize(target.value, { addSpecial: false, parseSpecial: false }))];
    default:
      throw invalidParameter("logit_bias", "each entry of logit_bias must name a token or a text");
  }
}

/** Throws INVALID_PARAMETER for a token id that the model does not have: native code would read outside its tables. */
export function checkToken(param: string, token: number, vocabularySize: number): void {
  if (token >= vocabularySize) {
    throw invalidParameter(
      param,
      `the token ${token} is not in the model's vocabulary, whose ids are 0 to ${vocabularySize - 1}`,
    );
  }
}

/** llama.cpp would cut longer ones. */
const maxBreakerBytes = 40;

function parseBreakers(breakers: readonly string[]): readonly string[] {
  if (breakers.length > listLimits.drySequenceBreakers) {
    throw invalidParameter(
      "dry_sequence_breakers",
      `dry_sequence_breakers may have at most ${listLimits.drySequenceBreakers} entries`,
    );
  }
  const empty = breakers.indexOf("");
  if (empty >= 0) throw invalidParameter(`dry_sequence_breakers[${empty}]`, "a sequence breaker must not be empty");
  const long = breakers.findIndex((breaker) => Buffer.byteLength(breaker) > maxBreakerBytes);
  if (long >= 0) {
    const message = `a sequence breaker may have at most ${maxBreakerBytes} bytes`;
    throw invalidParameter(`dry_sequence_breakers[${long}]`, message);
  }
  return breakers.length > 0 ? breakers : defaultBreakers;
}

function parseSamplers(names: readonly string[]): readonly SamplerName[] {
  if (names.length === 0) return samplerNames;
  return names.map((name, i) => {
    const known = samplerNames.find((sampler) => sampler === name);
    if (known === undefined) {
      const message = `${JSON.stringify(name)} is not a sampler (there are: ${samplerNames.join(", ")})`;
      throw invalidParameter(`samplers[${i}]`, message);
    }
    return known;
  });
}
