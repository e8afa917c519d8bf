import { z } from "zod";
import type { Usage } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { named } from "../../dialect/docs/endpoint-docs.ts";

const count = z.int().min(0);

/** OpenAI's `usage` of a response. */
export const responseUsageSchema = named(
  "ResponseUsage",
  z.strictObject({
    input_tokens: count,
    input_tokens_details: z.strictObject({ cached_tokens: count }),
    output_tokens: count,
    output_tokens_details: z.strictObject({ reasoning_tokens: count }),
    total_tokens: count,
  }),
);

export type ResponseUsage = z.infer<typeof responseUsageSchema>;

export function usageFromProto(usage: Usage | undefined): ResponseUsage | null {
  if (usage === undefined) return null;
  return {
    input_tokens: usage.promptTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens },
    output_tokens: usage.completionTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.promptTokens + usage.completionTokens,
  };
}
