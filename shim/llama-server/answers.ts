import { z } from "zod";
import { named } from "../dialect/docs/endpoint-docs.ts";

const count = z.int().min(0);
const token = { id: count, token: z.string(), bytes: z.array(z.int().min(0).max(255)), logprob: z.number() };

const timings = z.strictObject({
  cache_n: count,
  prompt_n: count,
  prompt_ms: z.number(),
  prompt_per_token_ms: z.number(),
  prompt_per_second: z.number(),
  predicted_n: count,
  predicted_ms: z.number(),
  predicted_per_token_ms: z.number(),
  predicted_per_second: z.number(),
});

/** A result, or an event of its stream; with `response_fields` only some of it. */
export const llamaCompletionSchema = named(
  "LlamaCompletion",
  z
    .looseObject({
      index: count,
      content: z.string(),
      tokens: z.array(count),
      stop: z.boolean(),
      id_slot: count,
      tokens_predicted: count,
      tokens_evaluated: count,
      completion_probabilities: z.array(z.strictObject({ ...token, top_logprobs: z.array(z.strictObject(token)) })),
      timings,
      prompt_progress: z.strictObject({ total: count, cache: count, processed: count, time_ms: z.number() }),
      model: z.string(),
      stop_type: z.enum(["eos", "limit", "word"]),
      stopping_word: z.string(),
      truncated: z.boolean(),
      tokens_cached: count,
      prompt: z.string(),
      generation_settings: z.looseObject({}),
    })
    .partial(),
);

export const llamaCompletionsSchema = z.union([llamaCompletionSchema, z.array(llamaCompletionSchema)]);

export const llamaEmbeddingsSchema = named(
  "LlamaEmbeddings",
  z.array(z.strictObject({ index: count, embedding: z.array(z.array(z.number())) })),
);

export const llamaPropsSchema = named(
  "LlamaProps",
  z.looseObject({ total_slots: count, model_alias: z.string(), model_path: z.string(), chat_template: z.string() }),
);

export const llamaSlotsSchema = named(
  "LlamaSlots",
  z.array(z.looseObject({ id: count, n_ctx: count, is_processing: z.boolean() })),
);

export const llamaAdaptersSchema = named(
  "LlamaAdapters",
  z.array(z.strictObject({ id: count, path: z.string(), scale: z.number() })),
);

export const successSchema = named("LlamaSuccess", z.strictObject({ success: z.literal(true) }));

export const llamaSlotChangeSchema = named(
  "LlamaSlotChange",
  z
    .object({
      id_slot: count,
      filename: z.string(),
      n_saved: count,
      n_written: count,
      n_restored: count,
      n_read: count,
      n_erased: count,
      timings: z.strictObject({ save_ms: z.number(), restore_ms: z.number() }).partial(),
    })
    .partial(),
);

export const notServedSchema = named("NotServed", z.strictObject({}));

export const llamaErrorSchema = named(
  "LlamaError",
  z.strictObject({
    error: z.strictObject({
      code: z.int(),
      message: z.string(),
      type: z.string(),
      param: z.string().optional(),
      n_prompt_tokens: count.optional(),
      n_ctx: count.optional(),
    }),
  }),
);
