import { z } from "zod";
import { deliveryFields } from "./chat-request.ts";
import { flag, numberAs, text, tokenCountFrom, unsettable } from "../../dialect/request/fields.ts";
import { habitFields, habitFieldsWithoutEffect } from "./habit-fields.ts";
import { inputs } from "./inputs.ts";
import { responseFormatFields, responseFormatFieldsWithoutEffect } from "./response-format.ts";
import { samplingFields } from "../../dialect/sampling/fields.ts";

/** The body of POST /v1/completions: all of OpenAI's parameters, and llama.cpp's. */
export const completionRequestSchema = z.object({
  ...deliveryFields,
  prompt: unsettable(inputs({ emptyText: true })),
  suffix: text,
  echo: flag,
  ...samplingFields,
  // 0 makes sense here: with echo and logprobs it measures a text.
  max_tokens: tokenCountFrom(0),
  logprobs: numberAs("topLogprobs"),
  best_of: numberAs("n"),
  ...responseFormatFields,
  ...habitFields,
});

export type CompletionRequestBody = z.infer<typeof completionRequestSchema>;

export const completionFieldsWithoutEffect: Readonly<Record<string, string>> = {
  user: "end users are not tracked",
  "stream_options.include_obfuscation": "chunks are not padded",
  ...responseFormatFieldsWithoutEffect,
  ...habitFieldsWithoutEffect,
};
