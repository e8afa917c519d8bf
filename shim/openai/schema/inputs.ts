import { z } from "zod";
import { maxUint32 } from "../../dialect/request/fields.ts";

/** So many inputs may one request have: OpenAI's number for embeddings. */
export const maxInputs = 2_048;

/** A text, texts, tokens, or lists of tokens. */
export type Inputs = string | readonly string[] | readonly number[] | readonly (readonly number[])[];

interface Problem {
  readonly path: readonly number[];
  readonly message: string;
}

/**
 * One or several inputs. Checked by hand: a union of arrays would make an issue for each of a million wrong items, in
 * each of its branches.
 */
export function inputs(options: { readonly emptyText: boolean }): z.ZodType<Inputs> {
  return custom<Inputs>((value) => inputsProblem(value, options)).meta({
    anyOf: [
      { type: "string" },
      { type: "array", items: { type: "string" }, minItems: 1, maxItems: maxInputs },
      { ...tokensJson, minItems: 1 },
      { type: "array", items: { ...tokensJson, minItems: 1 }, minItems: 1, maxItems: maxInputs },
    ],
  });
}

const tokensJson = { type: "array", items: { type: "integer", minimum: 0 } } as const;

/** A list of token ids of any length. */
export const tokenList: z.ZodType<readonly number[]> = custom<readonly number[]>(tokensProblem).meta(tokensJson);

function custom<T>(find: (value: unknown) => Problem | undefined): z.ZodType<T> {
  return z.unknown().superRefine((value, context) => {
    const problem = find(value);
    if (problem !== undefined) context.addIssue({ code: "custom", path: [...problem.path], message: problem.message });
  }) as z.ZodType<unknown> as z.ZodType<T>;
}

function inputsProblem(value: unknown, { emptyText }: { readonly emptyText: boolean }): Problem | undefined {
  const textProblem = (text: unknown, path: readonly number[]): Problem | undefined => {
    if (typeof text !== "string") return { path, message: "must be a string, as the first item is" };
    return text === "" && !emptyText ? { path, message: "must not be empty" } : undefined;
  };
  if (typeof value === "string") return textProblem(value, []);
  if (!Array.isArray(value))
    return { path: [], message: "must be a string, or an array of strings, tokens or token lists" };
  const [first] = value as readonly unknown[];
  if (value.length === 0) return { path: [], message: "must have at least one item" };
  if (typeof first === "number") return tokensProblem(value);
  if (value.length > maxInputs) return { path: [], message: `must have at most ${maxInputs} inputs` };
  if (typeof first === "string") return firstProblem(value, (text, index) => textProblem(text, [index]));
  return firstProblem(value, (tokens, index) => {
    if (Array.isArray(tokens) && tokens.length === 0) return { path: [index], message: "must have at least one token" };
    const problem = tokensProblem(tokens);
    return problem && { ...problem, path: [index, ...problem.path] };
  });
}

function tokensProblem(value: unknown): Problem | undefined {
  if (!Array.isArray(value)) return { path: [], message: "must be an array of token ids" };
  return firstProblem(value, (token, index) =>
    Number.isInteger(token) && (token as number) >= 0 && (token as number) <= maxUint32
      ? undefined
      : { path: [index], message: "must be a token id, an integer from 0" },
  );
}

function firstProblem(
  items: readonly unknown[],
  find: (item: unknown, index: number) => Problem | undefined,
): Problem | undefined {
  for (const [index, item] of items.entries()) {
    const problem = find(item, index);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
