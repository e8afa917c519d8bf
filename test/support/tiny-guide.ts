import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const folder = new URL("../../models/tiny-guide/", import.meta.url);

export const tinyGuidePath = fileURLToPath(new URL("tiny-guide-q8_0.gguf", folder));

const chatSchema = z.object({
  kind: z.literal("chat"),
  request: z.looseObject({
    messages: z.array(z.looseObject({ role: z.string() })),
    max_tokens: z.number(),
    stop: z.union([z.string(), z.array(z.string())]).optional(),
    tools: z.array(z.unknown()).optional(),
    chat_template_kwargs: z.record(z.string(), z.unknown()).optional(),
  }),
  answer: z.string(),
  reasoning: z.string().optional(),
  tool_calls: z.array(z.object({ name: z.string(), arguments: z.string() })).optional(),
  finish_reason: z.string(),
  usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }),
  prompt: z.string(),
  raw: z.string(),
});

const completionSchema = z.object({
  kind: z.literal("completion"),
  request: z.looseObject({ prompt: z.string(), max_tokens: z.number() }),
  answer: z.string(),
  finish_reason: z.string(),
});

export type GoldenChat = z.infer<typeof chatSchema>;
export type GoldenCompletion = z.infer<typeof completionSchema>;

/** Requests whose exact answers at temperature 0 are known. */
export function readGolden(): (GoldenChat | GoldenCompletion)[] {
  const schema = z.discriminatedUnion("kind", [chatSchema, completionSchema]);
  const lines = readFileSync(new URL("golden.jsonl", folder), "utf8").trim().split("\n");
  return lines.map((line) => schema.parse(JSON.parse(line)));
}
