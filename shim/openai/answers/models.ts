import { z } from "zod";
import { modelStateNameSchema } from "../../dialect/answer/model-state.ts";
import { named } from "../../dialect/docs/endpoint-docs.ts";

/** A model as OpenAI lists it, with what clients of local servers look for. */
export const modelSchema = named(
  "Model",
  z.strictObject({
    id: z.string(),
    object: z.literal("model"),
    created: z.int().min(0).describe("Seconds since 1970 of the model file's last change."),
    owned_by: z.string(),
    status: z.strictObject({
      value: modelStateNameSchema,
      progress: z.number().min(0).max(1).exactOptional().describe("While it loads."),
      error: z.string().exactOptional().describe("Why its last load failed."),
    }),
    meta: z
      .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]))
      .nullable()
      .describe(
        "What is known about the model, under llama-server's names where it has them; estimated_bytes_RAM, measured_bytes_GPU0 and so on say what it takes.",
      ),
  }),
);

export type OpenAiModel = z.infer<typeof modelSchema>;

export const modelListSchema = named(
  "ModelList",
  z.strictObject({ object: z.literal("list"), data: z.array(modelSchema) }),
);

export type OpenAiModelList = z.infer<typeof modelListSchema>;
