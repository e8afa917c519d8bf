import { z } from "zod";
import { named } from "../dialect/docs/endpoint-docs.ts";

const count = z.int().min(0);

export const scoresSchema = named(
  "Scores",
  z.strictObject({
    id: z.string(),
    object: z.literal("list"),
    created: count,
    model: z.string(),
    data: z.array(z.strictObject({ index: count, object: z.literal("score"), score: z.number() })),
    usage: z.strictObject({ prompt_tokens: count, total_tokens: count, completion_tokens: count }),
  }),
);

export const rankedSchema = named(
  "CohereRanked",
  z.strictObject({
    id: z.string(),
    model: z.string(),
    usage: z.strictObject({ prompt_tokens: count, total_tokens: count }),
    results: z.array(
      z.strictObject({
        index: count,
        relevance_score: z.number(),
        document: z.strictObject({ text: z.string() }).optional(),
      }),
    ),
    meta: z.looseObject({}),
  }),
);

export const versionSchema = named("Version", z.strictObject({ version: z.string() }));
export const pongSchema = named("Pong", z.strictObject({}));
