import { z } from "zod";
import { maxUint32 } from "../../dialect/request/fields.ts";

/** A text, tokens and texts that stand behind one another, or a text with pictures and sounds. */
export type Prompt = TextPrompt | MediaPrompt;
type TextPrompt = string | readonly (string | number)[];

/** A text in which `mediaMarker` stands for each of the files, in base64. */
export interface MediaPrompt {
  readonly prompt_string: string;
  readonly multimodal_data?: readonly string[] | null;
}

/** llama.cpp's own; llama-server draws another at each start, so that clients look for it in /props. */
export const mediaMarker = "<__media__>";

const maxMedia = 1_000;
const mediaPrompt = z.object({
  prompt_string: z.string(),
  multimodal_data: z.array(z.string().min(1)).max(maxMedia).nullish(),
});

const maxPrompts = 256;
const tokenJson = { type: "integer", minimum: 0 } as const;
const pieceJson = { type: "array", items: { anyOf: [{ type: "string" }, tokenJson] }, minItems: 1 } as const;

const { $schema: _, ...mediaJson } = z.toJSONSchema(mediaPrompt);

/**
 * llama-server's `prompt`: a text, a list of tokens, a list of both in turn, a text with media, or a list of any of these,
 * which are several prompts; a list of texts alone is several. Checked by hand: a union would make an issue for each wrong item.
 */
export const prompts: z.ZodType<Prompt | readonly Prompt[]> = (
  z.unknown().superRefine((value, context) => {
    const message = problemOf(value);
    if (message !== undefined) context.addIssue({ code: "custom", message });
  }) as z.ZodType<unknown> as z.ZodType<Prompt | readonly Prompt[]>
).meta({
  anyOf: [
    { type: "string" },
    pieceJson,
    mediaJson,
    { type: "array", items: { anyOf: [{ type: "string" }, pieceJson, mediaJson] }, minItems: 1 },
  ],
});

function problemOf(value: unknown): string | undefined {
  if (typeof value === "string") return undefined;
  if (!Array.isArray(value)) return isMediaPrompt(value) ? undefined : wanted;
  if (value.length === 0) return "must have at least one item";
  if (value.every(isPiece)) {
    const count = value.every((item) => typeof item === "string") ? value.length : 1;
    return count > maxPrompts ? `must have at most ${maxPrompts} prompts` : undefined;
  }
  if (value.length > maxPrompts) return `must have at most ${maxPrompts} prompts`;
  const wrong = value.findIndex((item) => typeof item !== "string" && !isPieces(item) && !isMediaPrompt(item));
  return wrong < 0 ? undefined : `must be strings, tokens (integers from 0) or lists of both; item ${wrong} is neither`;
}

const wanted = "must be a string, an array of strings and tokens, or an object with prompt_string and multimodal_data";

export function isMediaPrompt(value: unknown): value is MediaPrompt {
  return typeof value === "object" && !Array.isArray(value) && mediaPrompt.safeParse(value).success;
}

function isPieces(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isPiece);
}

function isPiece(value: unknown): boolean {
  return (
    typeof value === "string" || (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= maxUint32)
  );
}

/** The prompts of a request, one by one. */
export function promptList(value: Prompt | readonly Prompt[]): readonly Prompt[] {
  if (typeof value === "string" || !Array.isArray(value)) return [value as Prompt];
  const isOne = value.some((item) => typeof item === "number");
  return isOne ? [value as Prompt] : (value as readonly Prompt[]);
}
