import { z } from "zod";
import { maxUint32 } from "../../dialect/request/fields.ts";

/** A text, or tokens and texts that stand behind one another. */
export type Prompt = string | readonly (string | number)[];

const maxPrompts = 256;
const tokenJson = { type: "integer", minimum: 0 } as const;
const pieceJson = { type: "array", items: { anyOf: [{ type: "string" }, tokenJson] }, minItems: 1 } as const;

/**
 * llama-server's `prompt`: a text, a list of tokens, a list of both in turn, or a list of any of these, which are several
 * prompts; a list of texts alone is several. Checked by hand: a union would make an issue for each wrong item.
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
    { type: "array", items: { anyOf: [{ type: "string" }, pieceJson] }, minItems: 1 },
  ],
});

function problemOf(value: unknown): string | undefined {
  if (typeof value === "string") return undefined;
  if (!Array.isArray(value)) return "must be a string, or an array of strings and tokens";
  if (value.length === 0) return "must have at least one item";
  if (value.every(isPiece)) {
    const count = value.every((item) => typeof item === "string") ? value.length : 1;
    return count > maxPrompts ? `must have at most ${maxPrompts} prompts` : undefined;
  }
  if (value.length > maxPrompts) return `must have at most ${maxPrompts} prompts`;
  const wrong = value.findIndex((item) => typeof item !== "string" && !isPieces(item));
  return wrong < 0 ? undefined : `must be strings, tokens (integers from 0) or lists of both; item ${wrong} is neither`;
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
  if (typeof value === "string") return [value];
  const isOne = value.some((item) => typeof item === "number");
  return isOne ? [value as Prompt] : (value as readonly Prompt[]);
}
