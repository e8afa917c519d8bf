import { z } from "zod";
import { arrayOf, flag, jsonObject, text, unsettable, unsupported } from "../../dialect/request/fields.ts";

const pattern = unsettable(z.string().min(1));
const choices = unsettable(arrayOf(z.string().min(1), { min: 1, max: 1_024 }));
/** vLLM's clients send a schema as an object or as its text. */
const schemaOrText = unsettable(z.union([jsonObject, z.string().min(1)]));

/** vLLM's newer field: one of the five. */
const structuredOutputs = z.object({
  json: schemaOrText,
  regex: pattern,
  choice: choices,
  grammar: pattern,
  json_object: flag,
  structural_tag: unsupported("structural tags are not served: give tools, or a grammar"),
  whitespace_pattern: unsupported("whitespace_pattern is not served: JSON has at most one space between its parts"),
  disable_fallback: flag,
  disable_any_whitespace: flag,
  disable_additional_properties: unsupported(
    "disable_additional_properties is not served: set additionalProperties in the schema",
    z.literal(false),
  ),
});

/**
 * What the answer must look like: OpenAI's `response_format`, llama.cpp's `grammar` and `json_schema`, vLLM's `guided_*`
 * and `structured_outputs`, SGLang's `regex` and `ebnf`.
 */
export const responseFormatFields = {
  response_format: unsettable(
    z.discriminatedUnion("type", [
      z.object({ type: z.literal("text") }),
      // The replaced server, and llama-server, take a schema here.
      z.object({ type: z.literal("json_object"), schema: unsettable(jsonObject) }),
      z.object({
        type: z.literal("json_schema"),
        json_schema: z.object({
          name: z.string().regex(/^[\w-]{1,64}$/, "must be 1 to 64 letters, digits, `_` and `-`"),
          description: text,
          schema: unsettable(jsonObject),
          strict: flag,
        }),
      }),
    ]),
  ),
  grammar: pattern,
  json_schema: unsettable(jsonObject),
  structured_outputs: unsettable(structuredOutputs),
  guided_json: schemaOrText,
  guided_regex: pattern,
  guided_choice: choices,
  guided_grammar: pattern,
  regex: pattern,
  ebnf: pattern,
  guided_decoding_backend: text,
  guided_whitespace_pattern: unsupported(
    "guided_whitespace_pattern is not served: JSON has at most one space between its parts",
  ),
  structural_tag: unsupported("structural tags are not served: give tools, or a grammar"),
};

/** Fields of these that change nothing, with the reason. */
export const responseFormatFieldsWithoutEffect: Readonly<Record<string, string>> = {
  "response_format.json_schema.description": "answers follow the schema alone",
  guided_decoding_backend: "there is only one way of constraining answers",
  "structured_outputs.disable_fallback": "there is only one way of constraining answers",
  "structured_outputs.disable_any_whitespace": "JSON has at most one space between its parts",
};

export const responseFormatSchema = z.object(responseFormatFields);
export type ResponseFormatFields = z.infer<typeof responseFormatSchema>;
