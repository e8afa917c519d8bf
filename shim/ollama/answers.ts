import { z } from "zod";
import { chatLogprobsSchema } from "../dialect/answer/chat-logprobs.ts";
import { named } from "../dialect/docs/endpoint-docs.ts";

const count = z.int().min(0);
const logprobs = chatLogprobsSchema.shape.content;

/** What the last line of an answer has; durations are nanoseconds. */
const ending = {
  done_reason: z.string(),
  total_duration: count,
  load_duration: count,
  prompt_eval_count: count,
  prompt_eval_duration: count,
  eval_count: count,
  eval_duration: count,
};

const line = {
  model: z.string(),
  created_at: z.string(),
  done: z.boolean(),
  logprobs: logprobs.optional(),
  ...z.object(ending).partial().shape,
};

export const ollamaChatSchema = named(
  "OllamaChat",
  z.strictObject({
    ...line,
    message: z.strictObject({
      role: z.literal("assistant"),
      content: z.string(),
      thinking: z.string().optional(),
      tool_calls: z
        .array(
          z.strictObject({
            id: z.string(),
            function: z.strictObject({ index: count, name: z.string(), arguments: z.looseObject({}) }),
          }),
        )
        .optional(),
    }),
  }),
);

export const ollamaGenerateSchema = named(
  "OllamaGenerate",
  z.strictObject({
    ...line,
    response: z.string(),
    thinking: z.string().optional(),
    context: z.array(count).optional(),
  }),
);

const vector = z.array(z.number());

export const ollamaEmbedSchema = named(
  "OllamaEmbed",
  z.strictObject({
    model: z.string(),
    embeddings: z.array(vector),
    total_duration: count,
    load_duration: count,
    prompt_eval_count: count,
  }),
);

export const ollamaEmbeddingSchema = named("OllamaEmbedding", z.strictObject({ embedding: vector }));

const details = z.strictObject({
  parent_model: z.string(),
  format: z.literal("gguf"),
  family: z.string(),
  families: z.array(z.string()),
  parameter_size: z.string(),
  quantization_level: z.string(),
});
const listed = { name: z.string(), model: z.string(), size: count, digest: z.string(), details };

export const ollamaModelsSchema = named(
  "OllamaModels",
  z.strictObject({ models: z.array(z.strictObject({ ...listed, modified_at: z.string() })) }),
);

export const ollamaRunningSchema = named(
  "OllamaRunning",
  z.strictObject({
    models: z.array(z.strictObject({ ...listed, expires_at: z.string(), size_vram: count, context_length: count })),
  }),
);

export const ollamaShownSchema = named(
  "OllamaShown",
  z.strictObject({
    modelfile: z.string(),
    parameters: z.string(),
    template: z.string(),
    details,
    model_info: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    capabilities: z.array(z.enum(["completion", "tools", "insert", "thinking", "vision", "embedding"])),
    modified_at: z.string(),
  }),
);

export const ollamaVersionSchema = named("OllamaVersion", z.strictObject({ version: z.string(), server: z.string() }));

export const ollamaStatusSchema = named(
  "OllamaStatus",
  z.strictObject({
    status: z.string(),
    digest: z.string().optional(),
    total: count.optional(),
    completed: count.optional(),
  }),
);

export const nothingSchema = named("Nothing", z.strictObject({}));

export const ollamaErrorSchema = named("OllamaError", z.strictObject({ error: z.string() }));
