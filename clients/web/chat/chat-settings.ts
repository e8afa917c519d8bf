import type { ChatInput } from "../../trpc/inputs.ts";
import type { Texts } from "../i18n/texts.ts";
import type { OptionValues } from "./generation-options.ts";

export const answerFormats = ["text", "json", "schema"] as const;
export const reasoningModes = ["default", "on", "off"] as const;

/** How a conversation is answered. Texts are as they were typed, so that nothing is lost while they are not yet right. */
export interface ChatSettings {
  readonly systemPrompt: string;
  readonly options: OptionValues;
  readonly format: (typeof answerFormats)[number];
  /** JSON Schema, for the format `schema`. */
  readonly schema: string;
  /** A JSON list of tools; empty: none. */
  readonly tools: string;
  readonly reasoning: (typeof reasoningModes)[number];
  /** Undefined: as many as the model likes. */
  readonly reasoningBudget: number | undefined;
}

export const noSettings: ChatSettings = {
  systemPrompt: "",
  options: {},
  format: "text",
  schema: "",
  tools: "",
  reasoning: "default",
  reasoningBudget: undefined,
};

type Tool = NonNullable<ChatInput["tools"]>[number];
type Schema = Extract<ChatInput["responseFormat"], { type: "jsonSchema" }>["schema"];

/** A text that was read, or what is wrong with it in the reader's language. */
export type Read<T> = { readonly value: T } | { readonly problem: string };

export function readSchema(text: string, texts: Texts): Read<Schema> {
  const json = readJson(text);
  if (json === undefined) return { problem: texts.invalidJson };
  if (typeof json.value !== "boolean" && !isObject(json.value)) return { problem: texts.schemaNotObject };
  return { value: json.value as Schema };
}

/** Reads tools as OpenAI's API takes them, or as their functions alone. */
export function readTools(text: string, texts: Texts): Read<Tool[]> {
  if (text.trim() === "") return { value: [] };
  const json = readJson(text);
  if (json === undefined) return { problem: texts.invalidJson };
  if (!Array.isArray(json.value) || !json.value.every(isObject)) return { problem: texts.toolsNotList };
  const functions = json.value.map((tool) => (isObject(tool["function"]) ? tool["function"] : tool));
  const nameless = functions.findIndex(({ name }) => typeof name !== "string" || name === "");
  if (nameless !== -1) return { problem: texts.toolNameless(nameless) };
  return {
    value: functions.map(({ name, description, parameters, strict }) => ({
      name: String(name),
      ...(typeof description === "string" && { description }),
      ...(isObject(parameters) && { parameters: parameters as NonNullable<Tool["parameters"]> }),
      ...(typeof strict === "boolean" && { strict }),
    })),
  };
}

function readJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
