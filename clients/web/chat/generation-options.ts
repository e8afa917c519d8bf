import type { ChatInput } from "../../trpc/inputs.ts";

type Options = NonNullable<ChatInput["options"]>;

/**
 * The options that the page has no control for: what is told of an answer beside its text, what an application decides,
 * and ids of tokens, which nobody types.
 */
const unofferedNames = [
  "n",
  "topLogprobs",
  "promptLogprobs",
  "adapters",
  "reportProgress",
  "interruptible",
  "slot",
  "truncation",
  "logitBias",
  "stopTokenIds",
] as const satisfies readonly (keyof Options)[];

type Unoffered = (typeof unofferedNames)[number];

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

const unoffered: ReadonlySet<string> = new Set(unofferedNames);

export function isOffered(name: string): name is GenerationOptionName {
  return !unoffered.has(name);
}

/** `options` in a chat's input as JSON Schema; vite.config.ts puts it here. */
declare const GENERATION_OPTIONS: Readonly<Record<GenerationOptionName, OptionSchema>>;
export const optionSchemas = GENERATION_OPTIONS;
