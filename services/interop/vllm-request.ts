import type { MessageInitShape } from "@bufbuild/protobuf";
import { ErrorReason, invalidParameter, RpcError } from "../../clients/errors.ts";
import type { GenerationOptionsSchema, ResponseFormatSchema } from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { CompleteRequestSchema } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { GenerateRequest, SamplingParams } from "../../proto/gen/vllm/grpc/engine/vllm_engine_pb.ts";

/**
 * A VllmEngine's request as a completion. Its sampling parameters have no presence: 0 is vLLM's word for "not set", and
 * then vLLM's defaults count, not ours. Throws for what is not served, with the field's name.
 */
export function generateToComplete(request: GenerateRequest): MessageInitShape<typeof CompleteRequestSchema> {
  refuseUnserved(request);
  const { samplingParams: params, input } = request;
  if (input.case === undefined) throw invalidParameter("input", "input is required: tokenized, or text");
  return {
    prompt: {
      kind:
        input.case === "text"
          ? { case: "text", value: input.value }
          : { case: "tokens", value: { tokens: input.value.inputIds } },
    },
    options: params === undefined ? { topLogprobs: 0, includeStop: true } : optionsOf(params),
    responseFormat: params && formatOf(params),
  };
}

function optionsOf(params: SamplingParams): MessageInitShape<typeof GenerationOptionsSchema> {
  return {
    temperature: params.temperature ?? 1,
    topP: params.topP || 1,
    topK: params.topK,
    minP: params.minP,
    frequencyPenalty: params.frequencyPenalty,
    presencePenalty: params.presencePenalty,
    repeatPenalty: params.repetitionPenalty || 1,
    maxTokens: params.maxTokens,
    minTokens: params.minTokens,
    stop: params.stop,
    stopTokenIds: params.stopTokenIds,
    // Tokens are what is answered: those of the stop text are among them, and the caller makes the text.
    includeStop: true,
    ignoreEos: params.ignoreEos,
    n: params.n || 1,
    // With none the tokens alone are told.
    topLogprobs: countOf("logprobs", params.logprobs) ?? 0,
    promptLogprobs: countOf("prompt_logprobs", params.promptLogprobs),
    seed: params.seed === undefined || params.seed < 0 ? undefined : params.seed,
    logitBias: Object.entries(params.logitBias).map(([token, bias]) => ({
      target: { case: "token" as const, value: Number(token) },
      bias,
    })),
    truncation:
      params.truncatePromptTokens === undefined ? undefined : { maxTokens: Math.max(0, params.truncatePromptTokens) },
  };
}

function formatOf({ constraint }: SamplingParams): MessageInitShape<typeof ResponseFormatSchema> | undefined {
  switch (constraint.case) {
    case undefined:
      return undefined;
    case "jsonSchema":
      return { format: { case: "jsonSchema", value: { name: "response", schemaJson: constraint.value } } };
    case "regex":
      return { format: { case: "regex", value: constraint.value } };
    case "grammar":
      return { format: { case: "gbnf", value: constraint.value } };
    case "choice":
      return { format: { case: "choice", value: { options: constraint.value.choices } } };
    case "jsonObject":
      return constraint.value ? { format: { case: "jsonObject", value: {} } } : undefined;
    case "structuralTag":
      throw unserved("sampling_params.structural_tag", "structural tags are not served: send a grammar");
  }
}

function countOf(name: string, count: number | undefined): number | undefined {
  if (count === undefined || count >= 0) return count;
  throw unserved(`sampling_params.${name}`, `${name} -1 (the whole vocabulary) is not served: 20 at most`);
}

function refuseUnserved(request: GenerateRequest): void {
  const given: readonly (readonly [string, unknown])[] = [
    ["mm_inputs", request.mmInputs],
    ["extra_mm_inputs", request.extraMmInputs.length > 0 || undefined],
    ["media_refs", request.mediaRefs],
    ["kv_transfer_params", request.kvTransferParams],
    ["kv_transfer_params_json", request.kvTransferParamsJson],
    ["data_parallel_rank", request.dataParallelRank || undefined],
  ];
  const [found] = given.find(([, value]) => value !== undefined) ?? [];
  if (found !== undefined) throw unserved(found, `${found} is not served: leave it out`);
}

function unserved(param: string, message: string): RpcError {
  return new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param });
}
