import { z } from "zod";
import { chatLogprobsSchema } from "../../dialect/answer/chat-logprobs.ts";
import { named } from "../../dialect/docs/endpoint-docs.ts";
import { answerHead, count, finishReasonSchema, promptLogprobsSchema, stopReasonSchema, usageSchema } from "./usage.ts";

const functionCallSchema = z.strictObject({
  name: z.string(),
  arguments: z.string().describe("JSON text."),
});

const messageSchema = named(
  "ChatCompletionMessage",
  z.strictObject({
    role: z.literal("assistant"),
    content: z.string().nullable().describe("Null when the answer is tool calls alone."),
    refusal: z.null(),
    reasoning_content: z.string().exactOptional().describe("What the model thought before it answered."),
    tool_calls: z
      .array(z.strictObject({ id: z.string(), type: z.literal("function"), function: functionCallSchema }))
      .exactOptional(),
    function_call: functionCallSchema.exactOptional().describe("Where the request has `functions`, the old form."),
  }),
);

export type ChatCompletionMessage = z.infer<typeof messageSchema>;

/** Said only when the request named a tier, as OpenAI does. */
const serviceTier = z.literal("default").exactOptional();

export const chatCompletionSchema = named(
  "ChatCompletion",
  z.strictObject({
    ...answerHead,
    object: z.literal("chat.completion"),
    service_tier: serviceTier,
    choices: z.array(
      z.strictObject({
        index: count,
        message: messageSchema,
        logprobs: chatLogprobsSchema.nullable(),
        finish_reason: finishReasonSchema,
        stop_reason: stopReasonSchema,
      }),
    ),
    usage: usageSchema,
    prompt_logprobs: promptLogprobsSchema.exactOptional(),
  }),
);

export type ChatCompletion = z.infer<typeof chatCompletionSchema>;

/** A delta's first one of a call has its name; later ones more of its arguments. */
const functionDeltaSchema = z.strictObject({ name: z.string().exactOptional(), arguments: z.string() });

const deltaSchema = named(
  "ChatDelta",
  z.strictObject({
    role: z.literal("assistant").exactOptional(),
    content: z.string().nullable().exactOptional(),
    reasoning_content: z.string().exactOptional(),
    tool_calls: z
      .array(
        z.strictObject({
          index: count,
          id: z.string().exactOptional(),
          type: z.literal("function").exactOptional(),
          function: functionDeltaSchema,
        }),
      )
      .exactOptional(),
    function_call: functionDeltaSchema.exactOptional(),
  }),
);

export type ChatDelta = z.infer<typeof deltaSchema>;

const chunkChoiceSchema = z.strictObject({
  index: count,
  delta: deltaSchema,
  logprobs: chatLogprobsSchema.nullable(),
  finish_reason: finishReasonSchema.nullable(),
  stop_reason: stopReasonSchema,
});

export type ChatChunkChoice = z.infer<typeof chunkChoiceSchema>;

export const chatChunkSchema = named(
  "ChatCompletionChunk",
  z.strictObject({
    ...answerHead,
    object: z.literal("chat.completion.chunk"),
    service_tier: serviceTier,
    choices: z.array(chunkChoiceSchema),
    usage: usageSchema
      .nullable()
      .exactOptional()
      .describe("Where `stream_options.include_usage` asks for it: null until the last chunk, which has no choices."),
  }),
);

export type ChatChunk = z.infer<typeof chatChunkSchema>;
