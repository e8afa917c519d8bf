import type { ChatInput } from "../../trpc/inputs.ts";

type Options = NonNullable<ChatInput["options"]>;

/**
 * The options that the page has no control for: it shows one answer without its log-probabilities, its answers are the
 * reader's to stop, and biases by token id are no matter of a form.
 */
type Unoffered = "n" | "topLogprobs" | "interruptible" | "logitBias";

/** A generation option that the page has a control for; a new one in the schema asks for its name in each language. */
export type GenerationOptionName = Exclude<keyof Options, Unoffered>;

export type OptionValues = { readonly [Name in GenerationOptionName]?: Options[Name] };

/** What the controls read of an option's JSON Schema. */
export interface OptionSchema {
  readonly type: "number" | "integer" | "boolean" | "array";
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: number | boolean;
}

/** What most people look for; everything else is under "more". */
export const mainOptions: readonly GenerationOptionName[] = [
  "temperature",
  "topP",
  "topK",
  "minP",
  "maxTokens",
  "seed",
  "repeatPenalty",
  "stop",
];

const unoffered: ReadonlySet<string> = new Set<Unoffered>(["n", "topLogprobs", "interruptible", "logitBias"]);

export function isOffered(name: string): name is GenerationOptionName {
  return !unoffered.has(name);
}
