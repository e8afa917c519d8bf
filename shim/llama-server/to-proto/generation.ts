import { invalidParameter } from "../../../clients/errors.ts";
import { jsonText } from "../../../clients/json/source-text.ts";
import type { ResponseFormatSchema } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { Init } from "../../dialect/deps.ts";
import { type GenerationInit, onlyOne, samplingToProto } from "../../dialect/sampling/to-proto.ts";
import type { GenerationFields } from "../schema/completion-request.ts";

/** llama-server's letters for samplers. */
const samplerLetters: Readonly<Record<string, string>> = {
  e: "penalties",
  d: "dry",
  s: "top_n_sigma",
  k: "top_k",
  y: "typ_p",
  p: "top_p",
  m: "min_p",
  x: "xtc",
  t: "temperature",
};
const samplerAliases: Readonly<Record<string, string>> = {
  typical_p: "typ_p",
  "top-k": "top_k",
  "top-p": "top_p",
  "min-p": "min_p",
};

/** The generation options of a request. */
export function generationToProto(request: GenerationFields): GenerationInit {
  const length = predictOf(request);
  const late = request.t_max_predict_ms ?? -1;
  return {
    ...samplingToProto({ ...request, n: request.n_cmpl, samplers: samplersOf(request.samplers) }),
    // To process a prompt takes one token, which is then not shown.
    maxTokens: length === -1 ? undefined : Math.max(1, length),
    topLogprobs: request.n_probs || (request.return_tokens === true ? 0 : undefined),
    slot: request.id_slot == null || request.id_slot < 0 ? undefined : request.id_slot,
    maxDecodeMs: late > 0 ? late : undefined,
    reportProgress: request.return_progress === true && request.stream === true,
    ...(request.stream === true && { interruptible: true }),
  };
}

/** How many tokens are wanted; -1: as many as the context holds. */
export function predictOf({ n_predict: predict, max_tokens: most }: GenerationFields): number {
  return onlyOne("n_predict", predict, "max_tokens", most) ?? -1;
}

export function formatToProto({
  grammar,
  json_schema: schema,
}: GenerationFields): Init<typeof ResponseFormatSchema> | undefined {
  // Editors and web pages send the empty grammar for none.
  if (grammar && schema != null)
    throw invalidParameter("grammar", "grammar and json_schema both say what the answer looks like: give one of them");
  if (grammar) return { format: { case: "gbnf", value: grammar } };
  return schema == null
    ? undefined
    : { format: { case: "jsonSchema", value: { name: "response", schemaJson: jsonText(schema) } } };
}

function samplersOf(samplers: GenerationFields["samplers"]): string[] | undefined {
  if (samplers == null) return undefined;
  if (typeof samplers !== "string") return samplers.map((name) => samplerAliases[name] ?? name);
  return [...samplers].map((letter) => {
    const name = samplerLetters[letter];
    if (name !== undefined) return name;
    throw invalidParameter(
      "samplers",
      `samplers has the letter "${letter}", which stands for none (there are: ${Object.keys(samplerLetters).join("")})`,
    );
  });
}
