import { z } from "zod";
import type { TokenCandidate, TokenLogprob } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { named } from "../docs/endpoint-docs.ts";
import { finiteLogprob, tokenText } from "./token-text.ts";

const tokenFields = {
  token: z.string(),
  logprob: z.number(),
  bytes: z.array(z.int().min(0).max(255)),
};

/** One token of an answer with its likeliest alternatives. */
export const chatLogprobSchema = named(
  "ChatLogprob",
  z.strictObject({ ...tokenFields, top_logprobs: z.array(z.strictObject(tokenFields)) }),
);

/** OpenAI's `logprobs` of a choice, or of a chunk's. */
export const chatLogprobsSchema = named(
  "ChatLogprobs",
  z.strictObject({ content: z.array(chatLogprobSchema), refusal: z.null() }),
);

export type ChatLogprob = z.infer<typeof chatLogprobSchema>;

export type ChatLogprobs = z.infer<typeof chatLogprobsSchema>;

type ChatToken = Omit<ChatLogprobs["content"][number], "top_logprobs">;

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
