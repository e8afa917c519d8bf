import { z } from "zod";
import { arrayOf, flag, integerFrom, text, unsettable } from "../../dialect/request/fields.ts";
import { generationFields, optionsWithoutEffect } from "./options.ts";

const { model, options, keep_alive } = generationFields;

/** The body of POST /api/embed. */
export const embedRequestSchema = z.object({
  model,
  input: unsettable(z.union([z.string(), arrayOf(z.string(), { max: 2_048 })])),
  truncate: flag,
  dimensions: integerFrom(1, 65_536),
  options,
  keep_alive,
});

/** The body of POST /api/embeddings, Ollama's first way to ask for a vector. */
export const embeddingsRequestSchema = z.object({ model, prompt: text, options, keep_alive });

const tunesNothing = "vectors are not sampled";

export const embedWithoutEffect: Readonly<Record<string, string>> = {
  ...optionsWithoutEffect,
  "options.temperature": tunesNothing,
  "options.seed": tunesNothing,
  "options.top_k": tunesNothing,
  "options.top_p": tunesNothing,
};
