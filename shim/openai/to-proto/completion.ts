import { invalidParameter } from "../../../clients/errors.ts";
import type { CompleteRequestSchema, TextOrTokensSchema } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { CompletionRequestBody } from "../schema/completion-request.ts";
import type { Inputs } from "../schema/inputs.ts";
import { interruptionToProto, requireStreamForOptions } from "./delivery.ts";
import type { Init } from "../../dialect/deps.ts";
import { habitsToProto, lengthToProto } from "./habits.ts";
import { responseFormatToProto } from "./response-format.ts";
import { onlyOne, samplingToProto } from "../../dialect/sampling/to-proto.ts";

export type CompleteRequestInit = Init<typeof CompleteRequestSchema>;

/** OpenAI's default, which surprises people but is the contract. */
const defaultMaxTokens = 16;

/** One call for each prompt of the request, in order. Throws the caller's error where fields contradict each other. */
export function completionToProto(request: CompletionRequestBody): CompleteRequestInit[] {
  requireStreamForOptions(request);
  const bestOf = bestOfToProto(request);
  const topLogprobs = onlyOne("logprobs", request.logprobs, "n_probs", request.n_probs || undefined);
  const length = lengthToProto("max_tokens", request.max_tokens, request.n_predict);
  const shared = {
    model: request.model ?? "",
    options: {
      ...samplingToProto(request),
      ...habitsToProto(request),
      maxTokens: length === "unlimited" ? undefined : (length ?? defaultMaxTokens),
      ...interruptionToProto(request),
      // The best ones are found by their log-probabilities.
      ...(bestOf === undefined ? { topLogprobs } : { n: bestOf, topLogprobs: topLogprobs ?? 0 }),
    },
    responseFormat: responseFormatToProto(request),
    echo: request.echo ?? false,
    // Editors send the empty suffix when nothing follows, which is plain completion.
    suffix: request.suffix || undefined,
  };
  return inputsToProto(request.prompt ?? "").map((prompt) => ({ ...shared, prompt }));
}

/** Text, texts, tokens or lists of tokens as one input each. */
export function inputsToProto(inputs: Inputs): Init<typeof TextOrTokensSchema>[] {
  if (typeof inputs === "string") return [textInput(inputs)];
  const tokens = inputs.filter((item) => typeof item === "number");
  if (tokens.length > 0) return [tokensInput(tokens)];
  return inputs
    .filter((item) => typeof item !== "number")
    .map((item) => (typeof item === "string" ? textInput(item) : tokensInput(item)));
}

function textInput(value: string): Init<typeof TextOrTokensSchema> {
  return { kind: { case: "text", value } };
}

function tokensInput(tokens: readonly number[]): Init<typeof TextOrTokensSchema> {
  return { kind: { case: "tokens", value: { tokens: [...tokens] } } };
}

/** How many choices are generated to answer the best `n` of them; undefined: no more than are answered. */
export function bestOfToProto(request: CompletionRequestBody): number | undefined {
  const { best_of: bestOf, n } = request;
  if (bestOf == null) return undefined;
  if (bestOf < (n ?? 1)) {
    throw invalidParameter("best_of", `best_of must be at least n (${n ?? 1}), which are answered; got ${bestOf}`);
  }
  if (bestOf === (n ?? 1)) return undefined;
  if (request.stream === true) {
    throw invalidParameter("best_of", "best_of cannot be streamed: which completions are the best is known at the end");
  }
  return bestOf;
}
