import type { TokenCandidate, TokenLogprob } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { PromptLogprobs } from "../answers/usage.ts";
import { finiteLogprob, tokenText } from "../../dialect/answer/token-text.ts";

type PromptToken = NonNullable<PromptLogprobs[number]>[string];

/** Undefined when none were asked for. */
export function promptLogprobsFromProto(tokens: readonly TokenLogprob[]): PromptLogprobs | undefined {
  if (tokens.length === 0) return undefined;
  return tokens.map(({ token, top }) => {
    if (token?.logprob === undefined) return null;
    const ranked = top.map((candidate, index) => [String(candidate.id), promptToken(candidate, index + 1)] as const);
    const own = [String(token.id), promptToken(token, null)] as const;
    return Object.fromEntries([own, ...ranked]);
  });
}

function promptToken(candidate: TokenCandidate, rank: number | null): PromptToken {
  return { logprob: finiteLogprob(candidate), rank, decoded_token: tokenText(candidate.bytes) };
}
