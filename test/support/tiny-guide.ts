import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const folder = new URL("../../models/tiny-guide/", import.meta.url);

export const tinyGuidePath = fileURLToPath(new URL("tiny-guide-q8_0.gguf", folder));

const rowSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("chat"),
    request: z.looseObject({ messages: z.array(z.looseObject({ role: z.string() })), max_tokens: z.number() }),
    answer: z.string().nullish(),
    tool_calls: z.array(z.looseObject({})).nullish(),
    finish_reason: z.string(),
    usage: z.object({ prompt_tokens: z.number(), completion_tokens: z.number() }),
    prompt: z.string(),
    raw: z.string(),
  }),
  z.object({
    kind: z.literal("completion"),
    request: z.looseObject({ prompt: z.string(), max_tokens: z.number() }),
    answer: z.string(),
    finish_reason: z.string().nullish(),
  }),
]);

export type GoldenRow = z.infer<typeof rowSchema>;

/** Requests whose exact answers at temperature 0 are known. */
export function readGolden(name: "golden" | "known_wrong" = "golden"): GoldenRow[] {
  const lines = readFileSync(new URL(`${name}.jsonl`, folder), "utf8")
    .trim()
    .split("\n");
  return lines.map((line) => rowSchema.parse(JSON.parse(line)));
}
