import { z } from "zod";
import { numberOptions } from "../../../clients/number-options.ts";
import {
  arrayOf,
  elsewhere,
  flag,
  integerFrom,
  jsonObject,
  mapOf,
  numberAs,
  text,
  tokenCountFrom,
  unsettable,
  unsupported,
} from "../../dialect/request/fields.ts";
import { samplerFields } from "../../dialect/sampling/fields.ts";
import { inputSchema } from "./input-items.ts";
import { toolChoiceSchema, toolsSchema } from "./tools.ts";

const format = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    name: z.string().regex(/^[\w-]{1,64}$/, "must be 1 to 64 letters, digits, `_` and `-`"),
    description: text,
    schema: unsettable(jsonObject),
    strict: flag,
  }),
]);

/** What a prompt is made of, which is all that counting takes. */
const promptFields = {
  model: text,
  instructions: text,
  input: inputSchema,
  previous_response_id: text,
  tools: toolsSchema,
  tool_choice: toolChoiceSchema,
  parallel_tool_calls: flag,
  reasoning: unsettable(
    z.object({
      effort: unsettable(z.enum(["none", "minimal", "low", "medium", "high", "xhigh", "max"])),
      summary: unsupported(
        'reasoning is given whole, and not shortened: set it to "auto" or "detailed"',
        z.enum(["auto", "detailed"]),
      ),
      generate_summary: elsewhere("use reasoning.summary"),
    }),
  ),
  text: unsettable(
    z.object({
      format: unsettable(format),
      verbosity: unsettable(z.enum(["low", "medium", "high"])),
    }),
  ),
  truncation: unsettable(z.enum(["auto", "disabled"])),
  chat_template_kwargs: unsettable(jsonObject),
  conversation: unsupported("conversations are not kept as objects here: use previous_response_id, or send the items"),
};

const include = z.enum([
  "reasoning.encrypted_content",
  "message.output_text.logprobs",
  "message.input_image.image_url",
  "file_search_call.results",
  "web_search_call.results",
  "web_search_call.action.sources",
  "computer_call_output.output.image_url",
  "code_interpreter_call.outputs",
]);

/** The body of POST /v1/responses: all of OpenAI's parameters, and llama.cpp's samplers. */
export const responseRequestSchema = z.object({
  ...promptFields,
  stream: flag,
  stream_options: unsettable(z.object({ include_obfuscation: flag })),
  store: flag,
  background: flag,
  include: unsettable(arrayOf(include, { max: 32 })),
  max_output_tokens: tokenCountFrom(1),
  max_tool_calls: integerFrom(1, 1_000_000),
  top_logprobs: numberAs("topLogprobs"),
  temperature: numberAs("temperature"),
  top_p: numberAs("topP"),
  top_k: integerFrom(-1, numberOptions.topK.max),
  stop: unsettable(z.union([z.string().min(1), arrayOf(z.string().min(1), { max: 128 })])),
  ...samplerFields,
  metadata: unsettable(mapOf(z.string().max(512), 16)),

  service_tier: unsupported(
    'there is only one service tier: leave service_tier out, or set it to "auto" or "default"',
    z.enum(["auto", "default"]),
  ),
  prompt: unsupported("stored prompts are not served: send instructions and input"),
  context_management: unsupported(
    "conversations are not compacted here: leave old items out, or set truncation to auto",
  ),
  moderation: unsupported("moderation is not served"),
  access_programs: unsupported("access programs are not served"),
  image: unsupported("images are not served"),
  prompt_cache_retention: unsupported(
    'the prompt cache lives in memory: leave prompt_cache_retention out, or set it to "in_memory"',
    z.literal("in_memory"),
  ),
  prompt_cache_options: unsupported(
    'caching is implicit: leave prompt_cache_options out, or set it to {"mode": "implicit"}',
    z.strictObject({ mode: z.literal("implicit").optional() }),
  ),
  user: text,
  safety_identifier: text,
  prompt_cache_key: text,
  client_metadata: unsettable(jsonObject),

  messages: elsewhere("use input"),
  max_tokens: elsewhere("use max_output_tokens"),
  max_completion_tokens: elsewhere("use max_output_tokens"),
  response_format: elsewhere("use text.format"),
  reasoning_effort: elsewhere("use reasoning.effort"),
  verbosity: elsewhere("use text.verbosity"),
  logprobs: elsewhere('use include: ["message.output_text.logprobs"] and top_logprobs', z.literal(false)),
  functions: elsewhere("use tools"),
  function_call: elsewhere("use tool_choice"),
  grammar: elsewhere("use text.format, or ask POST /v1/chat/completions"),
  json_schema: elsewhere("use text.format"),
  n: elsewhere("one response is given", integerFrom(1, 1)),
});

/** The body of POST /v1/responses/input_tokens. */
export const inputTokensSchema = z.object(promptFields);

export type ResponseRequestBody = z.infer<typeof responseRequestSchema>;
export type InputTokensBody = z.infer<typeof inputTokensSchema>;

/** Known fields that change nothing here, with the reason that the caller is told. */
export const responseFieldsWithoutEffect: Readonly<Record<string, string>> = {
  user: "end users are not tracked",
  safety_identifier: "end users are not tracked",
  client_metadata: "clients are not tracked",
  prompt_cache_key: "every prompt prefix is cached automatically, without a key",
  max_tool_calls: "it counts the calls of hosted tools, of which there are none",
  stream_options: "events are not padded",
  "text.format.description": "answers follow the schema alone",
};

export const inputTokensFieldsWithoutEffect: Readonly<Record<string, string>> = {
  parallel_tool_calls: "it changes the answer, not the prompt",
  text: "its format changes the answer, not the prompt; its verbosity goes to the chat template",
  truncation: "the whole conversation is counted",
};
