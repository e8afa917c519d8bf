import { z } from "zod";
import type { Usage } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { named } from "../../dialect/docs/endpoint-docs.ts";

const count = z.int().min(0);

/** Anthropic's `usage`: what was read from the cache is not among the input tokens. */
export const usageSchema = named(
  "MessageUsage",
  z.strictObject({
    input_tokens: count,
    cache_creation_input_tokens: count,
    cache_read_input_tokens: count.describe("Tokens of the prompt that were in the cache."),
    cache_creation: z.strictObject({ ephemeral_5m_input_tokens: count, ephemeral_1h_input_tokens: count }),
    output_tokens: count,
    output_tokens_details: z.strictObject({ thinking_tokens: count }),
    server_tool_use: z.null(),
    service_tier: z.literal("standard"),
    speed: z.literal("standard"),
    inference_geo: z.null(),
  }),
);

export type AnthropicUsage = Readonly<z.infer<typeof usageSchema>>;

type Tokens = Pick<Usage, "promptTokens" | "cachedTokens"> &
  Partial<Pick<Usage, "completionTokens" | "reasoningTokens">>;

export function usageFromProto(tokens: Tokens): AnthropicUsage {
  return {
    input_tokens: tokens.promptTokens - tokens.cachedTokens,
    // Everything is kept, at no price; nothing is created that was asked for.
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: tokens.cachedTokens,
    cache_creation: { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 0 },
    output_tokens: tokens.completionTokens ?? 0,
    output_tokens_details: { thinking_tokens: tokens.reasoningTokens ?? 0 },
    server_tool_use: null,
    service_tier: "standard",
    speed: "standard",
    inference_geo: null,
  };
}
