import type OpenAI from "openai";
import { z } from "zod";

/*
 * OpenAI's answers as this server may give them. The compiler holds each schema to the official SDK's type (a required
 * field that is missing here, or a value that OpenAI does not have, does not compile), and being strict they name every
 * field that we add.
 */

const count = z.int().min(0);
const usage = z.strictObject({
  prompt_tokens: count,
  completion_tokens: count,
  total_tokens: count,
  prompt_tokens_details: z.strictObject({ cached_tokens: count }),
  completion_tokens_details: z.strictObject({ reasoning_tokens: count }),
}) satisfies z.ZodType<OpenAI.CompletionUsage>;

const logprob = z.number().min(-9999).max(0);
const candidate = { token: z.string(), logprob, bytes: z.array(z.int().min(0).max(255)).min(1) };
const chatLogprobs = z.strictObject({
  content: z.array(z.strictObject({ ...candidate, top_logprobs: z.array(z.strictObject(candidate)).max(20) })).min(1),
  refusal: z.null(),
}) satisfies z.ZodType<OpenAI.ChatCompletion.Choice.Logprobs>;

const functionCall = z.strictObject({ name: z.string().min(1), arguments: z.string() });
const toolCall = z.strictObject({
  id: z.string().min(1),
  type: z.literal("function"),
  function: functionCall,
}) satisfies z.ZodType<OpenAI.ChatCompletionMessageToolCall>;

const message = z.strictObject({
  role: z.literal("assistant"),
  content: z.string().nullable(),
  refusal: z.null(),
  tool_calls: z.array(toolCall).min(1).exactOptional(),
  function_call: functionCall.exactOptional(),
  /** Ours, and of everybody who serves models that think. */
  reasoning_content: z.string().min(1).exactOptional(),
}) satisfies z.ZodType<OpenAI.ChatCompletionMessage>;

const finishReason = z.enum(["stop", "length", "tool_calls", "function_call"]);
const envelope = {
  created: z.int().min(1_700_000_000),
  model: z.string().min(1),
  system_fingerprint: z.string().regex(/^fp_[0-9a-f]{10}$/),
};
const chatEnvelope = {
  ...envelope,
  id: z.string().regex(/^chatcmpl-\w+$/),
  service_tier: z.literal("default").exactOptional(),
};

export const chatCompletion = z.strictObject({
  ...chatEnvelope,
  object: z.literal("chat.completion"),
  choices: z
    .array(z.strictObject({ index: count, message, logprobs: chatLogprobs.nullable(), finish_reason: finishReason }))
    .min(1),
  usage,
}) satisfies z.ZodType<OpenAI.ChatCompletion>;

const delta = z.strictObject({
  role: z.literal("assistant").exactOptional(),
  content: z.string().nullable().exactOptional(),
  tool_calls: z
    .array(
      z.strictObject({
        index: count,
        id: z.string().min(1).exactOptional(),
        type: z.literal("function").exactOptional(),
        function: z.strictObject({ name: z.string().min(1).exactOptional(), arguments: z.string() }),
      }),
    )
    .min(1)
    .exactOptional(),
  function_call: z.strictObject({ name: z.string().min(1).exactOptional(), arguments: z.string() }).exactOptional(),
  reasoning_content: z.string().min(1).exactOptional(),
}) satisfies z.ZodType<OpenAI.ChatCompletionChunk.Choice.Delta>;

export const chatChunk = z.strictObject({
  ...chatEnvelope,
  object: z.literal("chat.completion.chunk"),
  choices: z
    .array(
      z.strictObject({
        index: count,
        delta,
        logprobs: chatLogprobs.nullable(),
        finish_reason: finishReason.nullable(),
      }),
    )
    .max(1),
  usage: usage.nullable().exactOptional(),
}) satisfies z.ZodType<OpenAI.ChatCompletionChunk>;

// OpenAI's first API gives null for the prompt's first token and in chunks without a finish; its types forget both.
type Forgotten<T> = T | null;
const legacyLogprobs = z.strictObject({
  tokens: z.array(z.string()).min(1),
  token_logprobs: z.array(logprob.nullable()),
  top_logprobs: z.array(z.record(z.string(), logprob).nullable()),
  text_offset: z.array(count),
}) satisfies z.ZodType<{
  [K in keyof Required<OpenAI.CompletionChoice.Logprobs>]: Forgotten<
    NonNullable<OpenAI.CompletionChoice.Logprobs[K]>[number]
  >[];
}>;

const completionEnvelope = { ...envelope, id: z.string().regex(/^cmpl-\w+$/), object: z.literal("text_completion") };
const legacyFinish = z.enum(["stop", "length"]);
const legacyChoice = { text: z.string(), index: count, logprobs: legacyLogprobs.nullable() };

export const completion = z.strictObject({
  ...completionEnvelope,
  choices: z.array(z.strictObject({ ...legacyChoice, finish_reason: legacyFinish })).min(1),
  usage,
}) satisfies z.ZodType<OmitChoices<OpenAI.Completion>>;

export const completionChunk = z.strictObject({
  ...completionEnvelope,
  choices: z.array(z.strictObject({ ...legacyChoice, finish_reason: legacyFinish.nullable() })).max(1),
  usage: usage.nullable().exactOptional(),
}) satisfies z.ZodType<Omit<OmitChoices<OpenAI.Completion>, "usage"> & { usage?: OpenAI.CompletionUsage | null }>;

/** Choices are told above, since the types of their log-probabilities are incomplete. */
type OmitChoices<T extends { choices: { finish_reason: string }[] }> = Omit<T, "choices"> & {
  choices: (Omit<T["choices"][number], "logprobs" | "finish_reason"> & {
    finish_reason: Forgotten<T["choices"][number]["finish_reason"]>;
  })[];
};

const vectors = <T extends z.ZodType>(vector: T) => ({
  object: z.literal("list"),
  model: z.string().min(1),
  data: z.array(z.strictObject({ object: z.literal("embedding"), index: count, embedding: vector })).min(1),
  usage: z.strictObject({ prompt_tokens: count, total_tokens: count }),
});

export const embeddings = z.strictObject(
  vectors(z.array(z.number()).min(1)),
) satisfies z.ZodType<OpenAI.CreateEmbeddingResponse>;
export const base64Embeddings = z.strictObject(vectors(z.base64().min(8)));

export const model = z.strictObject({
  id: z.string().min(1),
  object: z.literal("model"),
  created: z.int().min(1),
  owned_by: z.string().min(1),
  /** Ours: llama-server's words, which user interfaces read. */
  status: z.strictObject({
    value: z.enum(["unloaded", "loading", "loaded", "failed"]),
    progress: z.number().exactOptional(),
    error: z.string().exactOptional(),
  }),
  meta: z.record(z.string(), z.unknown()).nullable(),
}) satisfies z.ZodType<OpenAI.Model>;
export const models = z.strictObject({ object: z.literal("list"), data: z.array(model).min(1) });

export const errorBody = z.strictObject({
  error: z.strictObject({
    message: z.string().min(1),
    type: z.enum(["invalid_request_error", "rate_limit_error", "server_error"]),
    param: z.string().min(1).nullable(),
    code: z.string().min(1).nullable(),
  }) satisfies z.ZodType<OpenAI.ErrorObject>,
});
