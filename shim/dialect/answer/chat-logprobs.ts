import type { TokenCandidate, TokenLogprob } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { finiteLogprob, tokenText } from "./token-text.ts";

interface ChatToken {
  readonly token: string;
  readonly logprob: number;
  readonly bytes: readonly number[];
}

export interface ChatLogprob extends ChatToken {
  readonly top_logprobs: readonly ChatToken[];
}

export interface ChatLogprobs {
  readonly content: readonly ChatLogprob[];
  readonly refusal: null;
}

/** OpenAI's `logprobs` of a choice or chunk; null when none were asked for. */
export function chatLogprobsFromProto(tokens: readonly TokenLogprob[]): ChatLogprobs | null {
  if (tokens.length === 0) return null;
  return {
    content: tokens.map(({ token, top }) => ({ ...toChatToken(token), top_logprobs: top.map(toChatToken) })),
    refusal: null,
  };
}

function toChatToken(candidate: TokenCandidate | undefined): ChatToken {
  const bytes = candidate?.bytes ?? new Uint8Array();
  return { token: tokenText(bytes), logprob: finiteLogprob(candidate), bytes: [...bytes] };
}
