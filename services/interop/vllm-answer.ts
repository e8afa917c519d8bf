import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  FinishReason,
  type Finished,
  type Started,
  type TokenLogprob,
} from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { CompleteResponse } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import type {
  GenerateCompleteSchema,
  GenerateRequest,
  GenerateResponseSchema,
  InputLogProbsSchema,
  OutputLogProbsSchema,
} from "../../proto/gen/vllm/grpc/engine/vllm_engine_pb.ts";

type Response = MessageInitShape<typeof GenerateResponseSchema>;
type Complete = Exclude<MessageInitShape<typeof GenerateCompleteSchema>, { $typeName: string }>;

/** What has come of one choice. */
class Choice {
  readonly tokens: TokenLogprob[] = [];
  isDone = false;
}

/**
 * A completion's events as a VllmEngine's messages: the tokens as they come where the request streams, and for each
 * choice one that has all of it. `aborted`: the events were cut off by an Abort, and what there is ends with it.
 */
export class VllmAnswer {
  readonly #request: GenerateRequest;
  readonly #choices: Choice[];
  #started: Started | undefined;
  #inputSent = false;

  constructor(request: GenerateRequest) {
    this.#request = request;
    this.#choices = Array.from({ length: request.samplingParams?.n || 1 }, () => new Choice());
  }

  /** The messages that an event makes. */
  take({ choice: index, event }: CompleteResponse): Response[] {
    const choice = this.#choices[index];
    switch (event.case) {
      case "started":
        this.#started = event.value;
        return [];
      case "text": {
        const { logprobs } = event.value;
        if (choice === undefined || logprobs.length === 0) return [];
        for (const logprob of logprobs) choice.tokens.push(logprob);
        return this.#request.stream ? [this.#chunk(index, choice, logprobs)] : [];
      }
      case "finished":
        if (choice === undefined) return [];
        choice.isDone = true;
        return [this.#complete(index, choice, event.value)];
      default:
        return [];
    }
  }

  /** The ends of the choices that an Abort has cut off. */
  aborted(): Response[] {
    return this.#choices.flatMap((choice, index) => (choice.isDone ? [] : [this.#complete(index, choice, undefined)]));
  }

  #chunk(index: number, choice: Choice, tokens: readonly TokenLogprob[]): Response {
    const value = {
      tokenIds: idsOf(tokens),
      ...this.#counts(choice),
      ...this.#outputLogprobs(tokens),
      ...(this.#inputSent ? {} : this.#inputLogprobs()),
      index,
    };
    this.#inputSent = true;
    return { response: { case: "chunk", value } };
  }

  #complete(index: number, choice: Choice, finished: Finished | undefined): Response {
    const value: Complete = {
      outputIds: idsOf(choice.tokens),
      finishReason: finished === undefined ? "abort" : finishName(finished.reason),
      ...this.#counts(choice),
      ...this.#outputLogprobs(choice.tokens),
      ...this.#inputLogprobs(),
      index,
      ...matchedStop(finished),
    };
    return { response: { case: "complete", value } };
  }

  #counts({ tokens }: Choice) {
    const { promptTokens = 0, cachedTokens = 0 } = this.#started ?? {};
    return { promptTokens, completionTokens: tokens.length, cachedTokens };
  }

  #outputLogprobs(tokens: readonly TokenLogprob[]): { outputLogprobs?: MessageInitShape<typeof OutputLogProbsSchema> } {
    if (this.#request.samplingParams?.logprobs === undefined) return {};
    const tokenLogprobs = tokens.map(({ token }) => token?.logprob ?? 0);
    return { outputLogprobs: { tokenLogprobs, tokenIds: idsOf(tokens), topLogprobs: tokens.map(topOf) } };
  }

  #inputLogprobs(): { inputLogprobs?: MessageInitShape<typeof InputLogProbsSchema> } {
    const tokens = this.#started?.promptLogprobs ?? [];
    if (tokens.length === 0) return {};
    const tokenLogprobs = tokens.map(({ token }) => (token?.logprob === undefined ? {} : { value: token.logprob }));
    return { inputLogprobs: { tokenLogprobs, tokenIds: idsOf(tokens), topLogprobs: tokens.map(topOf) } };
  }
}

function idsOf(tokens: readonly TokenLogprob[]): number[] {
  return tokens.map(({ token }) => token?.id ?? 0);
}

function topOf({ top }: TokenLogprob) {
  return { values: top.map(({ logprob }) => logprob ?? 0), tokenIds: top.map(({ id }) => id) };
}

function matchedStop(finished: Finished | undefined): Pick<Complete, "matchedStop"> {
  if (finished?.stopToken !== undefined) {
    return { matchedStop: { case: "matchedTokenId", value: finished.stopToken } };
  }
  if (finished?.stopSequence === undefined) return {};
  return { matchedStop: { case: "matchedStopStr", value: finished.stopSequence } };
}

/** vLLM's words; an answer that would have gone on is `length` there too. */
function finishName(reason: FinishReason): string {
  return reason === FinishReason.STOP || reason === FinishReason.TOOL_CALLS ? "stop" : "length";
}
