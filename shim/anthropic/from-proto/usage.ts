import type { Usage } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";

/** Anthropic's `usage`: what was read from the cache is not among the input tokens. */
export interface AnthropicUsage {
  readonly input_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly cache_creation: { readonly ephemeral_5m_input_tokens: number; readonly ephemeral_1h_input_tokens: number };
  readonly output_tokens: number;
  readonly output_tokens_details: { readonly thinking_tokens: number };
  readonly server_tool_use: null;
  readonly service_tier: "standard";
  readonly speed: "standard";
  readonly inference_geo: null;
}

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
