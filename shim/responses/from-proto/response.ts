import { randomUUID } from "node:crypto";
import type { ResponseRequestBody } from "../schema/response-request.ts";
import type { OutputItem } from "./output-item.ts";
import type { ResponseUsage } from "./usage.ts";

export type ResponseStatus = "queued" | "in_progress" | "completed" | "incomplete" | "failed" | "cancelled";

/** OpenAI's response object, with every field that Open Responses requires. */
export interface ResponseObject {
  readonly id: string;
  readonly object: "response";
  readonly created_at: number;
  readonly completed_at: number | null;
  readonly status: ResponseStatus;
  readonly background: boolean;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly incomplete_details: { readonly reason: "max_output_tokens" } | null;
  readonly model: string;
  readonly output: readonly OutputItem[];
  readonly usage: ResponseUsage | null;
  readonly store: boolean;
  readonly [echoed: string]: unknown;
}

/** What a request leaves unset, as the service has it: `services/worker/jobs/number-options.ts`. */
export const samplingDefaults = { temperature: 0.8, top_p: 0.95, presence_penalty: 0, frequency_penalty: 0 } as const;

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
    temperature: request.temperature ?? samplingDefaults.temperature,
    text: { format: echoedFormat(text?.format), verbosity: "medium" },
    tool_choice: toolChoice ?? "auto",
    tools: (tools ?? []).map(echoedTool),
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? samplingDefaults.top_p,
    presence_penalty: request.presence_penalty ?? samplingDefaults.presence_penalty,
    frequency_penalty: request.frequency_penalty ?? samplingDefaults.frequency_penalty,
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

function echoedFormat(format: NonNullable<ResponseRequestBody["text"]>["format"]): object {
  if (format?.type !== "json_schema") return format ?? { type: "text" };
  const { name, schema, description, strict } = format;
  return { type: "json_schema", name, description: description ?? null, schema: schema ?? {}, strict: strict ?? false };
}

function echoedTool(tool: NonNullable<ResponseRequestBody["tools"]>[number]): object {
  if (tool.type !== "function") return tool;
  const { type, name, description, parameters, strict } = tool;
  return { type, name, description: description ?? null, parameters: parameters ?? null, strict: strict ?? null };
}
