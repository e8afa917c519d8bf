import { randomUUID } from "node:crypto";
import { z } from "zod";
import { numberOptions } from "../../../clients/number-options.ts";
import { named } from "../../dialect/docs/endpoint-docs.ts";
import type { ResponseRequestBody } from "../schema/response-request.ts";
import { outputItemSchema } from "./output-item.ts";
import { responseUsageSchema } from "./usage.ts";

/** OpenAI's response object, with every field that Open Responses requires. */
export const responseSchema = named(
  "Response",
  z.strictObject({
    id: z.string(),
    object: z.literal("response"),
    created_at: z.int(),
    completed_at: z.int().nullable(),
    status: z.enum(["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]),
    background: z.boolean(),
    error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
    incomplete_details: z.strictObject({ reason: z.literal("max_output_tokens") }).nullable(),
    instructions: z.string().nullable(),
    max_output_tokens: z.number().nullable(),
    max_tool_calls: z.number().nullable(),
    model: z.string(),
    output: z.array(outputItemSchema),
    parallel_tool_calls: z.boolean(),
    previous_response_id: z.string().nullable(),
    prompt_cache_key: z.string().nullable(),
    reasoning: z.strictObject({ effort: z.string().nullable(), summary: z.unknown() }),
    safety_identifier: z.string().nullable(),
    service_tier: z.literal("default"),
    store: z.boolean().describe("Whether it is kept."),
    temperature: z.number(),
    text: z.strictObject({ format: z.record(z.string(), z.unknown()), verbosity: z.enum(["low", "medium", "high"]) }),
    tool_choice: z.unknown(),
    tools: z.array(z.record(z.string(), z.unknown())),
    top_logprobs: z.number(),
    top_p: z.number(),
    presence_penalty: z.number(),
    frequency_penalty: z.number(),
    truncation: z.enum(["auto", "disabled"]),
    usage: responseUsageSchema.nullable(),
    user: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
  }),
);

export type ResponseObject = Readonly<z.infer<typeof responseSchema>>;

/** What the service takes where a request says nothing. */
const { temperature, topP, presencePenalty, frequencyPenalty } = numberOptions;

/** A response of which nothing is generated yet. */
export function newResponse(request: ResponseRequestBody, store: boolean): ResponseObject {
  const { text, reasoning, tools, tool_choice: toolChoice } = request;
  return {
    id: newId("resp"),
    object: "response",
    created_at: now(),
    completed_at: null,
    status: request.background === true ? "queued" : "in_progress",
    background: request.background === true,
    error: null,
    incomplete_details: null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    model: request.model ?? "",
    output: [],
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    prompt_cache_key: request.prompt_cache_key ?? null,
    reasoning: { effort: reasoning?.effort ?? null, summary: reasoning?.summary ?? null },
    safety_identifier: request.safety_identifier ?? null,
    service_tier: "default",
    store,
    temperature: request.temperature ?? temperature.fallback,
    text: { format: echoedFormat(text?.format), verbosity: text?.verbosity ?? "medium" },
    tool_choice: toolChoice ?? "auto",
    tools: (tools ?? []).map(echoedTool),
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? topP.fallback,
    presence_penalty: request.presence_penalty ?? presencePenalty.fallback,
    frequency_penalty: request.frequency_penalty ?? frequencyPenalty.fallback,
    truncation: request.truncation ?? "disabled",
    usage: null,
    user: request.user ?? null,
    metadata: request.metadata ?? {},
  };
}

export function newId(kind: "resp" | "msg" | "rs" | "fc" | "ctc" | "lsh"): string {
  return `${kind}_${randomUUID().replaceAll("-", "")}`;
}

/** Seconds since 1970. */
export function now(): number {
  return Math.floor(Date.now() / 1_000);
}

function echoedFormat(format: NonNullable<ResponseRequestBody["text"]>["format"]): Record<string, unknown> {
  if (format?.type !== "json_schema") return format ?? { type: "text" };
  const { name, schema, description, strict } = format;
  return { type: "json_schema", name, description: description ?? null, schema: schema ?? {}, strict: strict ?? false };
}

function echoedTool(tool: NonNullable<ResponseRequestBody["tools"]>[number]): Record<string, unknown> {
  if (tool.type !== "function") return tool;
  const { type, name, description, parameters, strict } = tool;
  return { type, name, description: description ?? null, parameters: parameters ?? null, strict: strict ?? null };
}
