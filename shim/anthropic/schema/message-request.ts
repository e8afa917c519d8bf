import { z } from "zod";
import {
  arrayOf,
  elsewhere,
  flag,
  integerFrom,
  jsonObject,
  numberAs,
  text,
  tokenCountFrom,
  unsettable,
  unsupported,
} from "../../dialect/request/fields.ts";
import { samplerFields } from "../../dialect/sampling/fields.ts";
import { cacheControl, messagesSchema, systemContent } from "./blocks.ts";
import { contextManagement } from "./context-management.ts";
import { toolChoiceSchema, toolsSchema } from "./tools.ts";

const display = unsettable(z.enum(["summarized", "omitted"]));

/** What a prompt is made of, which is all that counting takes. */
const promptFields = {
  model: text,
  messages: messagesSchema,
  system: unsettable(systemContent),
  tools: toolsSchema,
  tool_choice: toolChoiceSchema,
  thinking: unsettable(
    z.discriminatedUnion("type", [
      z.object({ type: z.literal("enabled"), budget_tokens: z.number().int().min(1_024), display }),
      z.object({ type: z.literal("adaptive"), display }),
      z.object({ type: z.literal("disabled") }),
    ]),
  ),
  output_config: unsettable(
    z.object({
      effort: unsettable(z.enum(["low", "medium", "high", "xhigh", "max"])),
      format: unsettable(z.object({ type: z.literal("json_schema"), schema: jsonObject })),
    }),
  ),
  cache_control: cacheControl,
  context_management: contextManagement,
  speed: unsupported('there is only one speed: leave speed out, or set it to "standard"', z.literal("standard")),
  mcp_servers: unsupported("MCP servers are not called from here: give the model their tools", z.array(z.never())),
};

/** The body of POST /v1/messages: all of Anthropic's parameters, and llama.cpp's samplers. */
export const messageRequestSchema = z.object({
  ...promptFields,
  max_tokens: z
    .number()
    .int()
    .min(1)
    .max(2 ** 31 - 1),
  stop_sequences: unsettable(arrayOf(z.string().min(1), { max: 128 })),
  stream: flag,
  // Anthropic ends at 1; the other dialects here go on to 2, and so does this one.
  temperature: numberAs("temperature"),
  top_p: numberAs("topP"),
  top_k: tokenCountFrom(0),
  ...samplerFields,
  service_tier: unsettable(z.enum(["auto", "standard_only"])),
  /** The SDK's tool runner asks for one first, and goes on without when it is told that there is none. */
  thread: unsupported("threads are not kept here: send all messages"),
  compaction: unsupported("conversations are not compacted here: leave old messages out"),
  fallbacks: unsupported("requests are not handed to other models: leave fallbacks out"),
  container: unsupported("containers are not served"),
  inference_geo: unsupported("the region cannot be chosen: leave inference_geo out"),
  diagnostics: unsupported("diagnostics are not served"),
  metadata: unsettable(z.object({ user_id: text })),
  anthropic_version: text,
  user_profile_id: text,
  workspace_id: text,
  n: elsewhere("one answer is given", integerFrom(1, 1)),
  stop: elsewhere("use stop_sequences"),
  max_completion_tokens: elsewhere("use max_tokens"),
  max_output_tokens: elsewhere("use max_tokens"),
  reasoning_effort: elsewhere("use output_config.effort"),
  response_format: elsewhere("use output_config.format"),
  parallel_tool_calls: elsewhere("use tool_choice.disable_parallel_tool_use"),
  functions: elsewhere("use tools"),
});

/** The body of POST /v1/messages/count_tokens. */
export const countRequestSchema = z.object(promptFields);

export type MessageRequestBody = z.infer<typeof messageRequestSchema>;
export type CountRequestBody = z.infer<typeof countRequestSchema>;

const cached = "every prompt prefix is cached automatically";

/** Known fields that change nothing here, with the reason that the caller is told. */
export const countFieldsWithoutEffect: Readonly<Record<string, string>> = { cache_control: cached };

export const messageFieldsWithoutEffect: Readonly<Record<string, string>> = {
  ...countFieldsWithoutEffect,
  metadata: "end users are not tracked",
  user_profile_id: "end users are not tracked",
  workspace_id: "there are no workspaces here",
  anthropic_version: "the version comes from the header",
};
