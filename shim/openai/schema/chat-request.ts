import { z } from "zod";
import { flag, numberAs, mapOf, text, tokenCountFrom, unsettable, unsupported } from "../../dialect/request/fields.ts";
import { chatHabitFields, habitFields, habitFieldsWithoutEffect } from "./habit-fields.ts";
import { promptFields } from "./prompt-fields.ts";
import { responseFormatFields, responseFormatFieldsWithoutEffect } from "./response-format.ts";
import { samplingFields } from "../../dialect/sampling/fields.ts";

/** Fields of every generating request that say how the answer travels, not what it is. */
export const deliveryFields = {
  model: text,
  stream: flag,
  stream_options: unsettable(z.object({ include_usage: flag, include_obfuscation: flag })),
  user: text,
};

/** The body of POST /v1/chat/completions: all of OpenAI's parameters, and llama.cpp's. */
export const chatRequestSchema = z.object({
  ...deliveryFields,
  ...promptFields,
  ...samplingFields,
  // OpenAI's newer name wins nothing: both mean the completion's tokens, reasoning included.
  max_tokens: tokenCountFrom(1),
  max_completion_tokens: tokenCountFrom(1),
  logprobs: flag,
  top_logprobs: numberAs("topLogprobs"),
  ...responseFormatFields,
  ...habitFields,
  ...chatHabitFields,

  service_tier: unsupported(
    'there is only one service tier: leave service_tier out, or set it to "auto" or "default"',
    z.enum(["auto", "default"]),
  ),
  store: unsupported("nothing is stored here: leave store out, or set it to false", z.literal(false)),
  verbosity: unsupported(
    'verbosity is not served: ask for it in the prompt, and leave verbosity out, or set it to "medium"',
    z.literal("medium"),
  ),
  modalities: unsupported(
    'answers are text: leave modalities out, or set it to ["text"]',
    z.tuple([z.literal("text")]),
  ),
  audio: unsupported("audio is not served: answers are text"),
  prediction: unsupported("prediction (predicted outputs) is not served"),
  web_search_options: unsupported("web search is not served: give the model a tool that searches"),
  moderation: unsupported("moderation is not served"),
  prompt_cache_retention: unsupported(
    'the prompt cache lives in memory: leave prompt_cache_retention out, or set it to "in_memory"',
    z.literal("in_memory"),
  ),
  prompt_cache_options: unsupported(
    'caching is implicit: leave prompt_cache_options out, or set it to {"mode": "implicit"}',
    z.strictObject({ mode: z.literal("implicit").optional() }),
  ),
  // The three below name things for OpenAI's own bookkeeping; each use is answered with a warning.
  safety_identifier: text,
  prompt_cache_key: text,
  metadata: unsettable(mapOf(z.string(), 16)),
});

export type ChatRequestBody = z.infer<typeof chatRequestSchema>;

/** Known fields that change nothing here, with the reason that the caller is told. */
export const chatFieldsWithoutEffect: Readonly<Record<string, string>> = {
  user: "end users are not tracked",
  safety_identifier: "end users are not tracked",
  metadata: "nothing is stored",
  prompt_cache_key: "every prompt prefix is cached automatically, without a key",
  "stream_options.include_obfuscation": "chunks are not padded",
  ...responseFormatFieldsWithoutEffect,
  ...habitFieldsWithoutEffect,
};
