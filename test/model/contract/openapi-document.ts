import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { parse } from "yaml";

/** Names of schemas in OpenAI's own OpenAPI document. */
export type DocumentSchema =
  | "CreateChatCompletionResponse"
  | "CreateChatCompletionStreamResponse"
  | "CreateCompletionResponse"
  | "CreateEmbeddingResponse"
  | "ListModelsResponse"
  | "Model"
  | "ErrorResponse";

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * OpenAI's OpenAPI document as a second judge of every answer, when `OPENAI_OPENAPI` names the file (YAML or JSON; the
 * document is not ours to ship). Gives what is wrong with a value, or undefined.
 */
export const faultByDocument: (schema: DocumentSchema, value: unknown) => string | undefined =
  process.env["OPENAI_OPENAPI"] === undefined ? () => undefined : judge(process.env["OPENAI_OPENAPI"]);

function judge(file: string): typeof faultByDocument {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
  ajv.addSchema(repaired(parse(readFileSync(file, "utf8"), { maxAliasCount: -1 }) as Json) as object, "openai");
  const validators = new Map<DocumentSchema, ValidateFunction>();
  return (schema, value) => {
    const validate = validators.get(schema) ?? ajv.compile({ $ref: `openai#/components/schemas/${schema}` });
    validators.set(schema, validate);
    return validate(asDocumented(value as Json)) ? undefined : `${schema}: ${ajv.errorsText(validate.errors)}`;
  };
}

/** OpenAPI 3.1 has no `nullable` any more, but the document still says it. */
function repaired(node: Json): Json {
  if (Array.isArray(node)) return node.map(repaired);
  if (typeof node !== "object" || node === null) return node;
  const { nullable, ...rest } = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, repaired(value)]));
  return nullable === true ? { anyOf: [rest, { type: "null" }] } : rest;
}

/**
 * The value without what OpenAI's own API does and its document does not know: nulls in the first API's log-probabilities
 * and chunks, and vectors as base64.
 */
function asDocumented(value: Json): Json {
  if (Array.isArray(value)) return value.map(asDocumented);
  if (typeof value !== "object" || value === null) return value;
  const isLegacyChoice = "text" in value && "logprobs" in value;
  const known = Object.entries(value).map(([key, inner]): [string, Json] => {
    if (isLegacyChoice && key === "finish_reason") return [key, inner ?? "stop"];
    if (key === "token_logprobs" || (key === "top_logprobs" && "token_logprobs" in value)) {
      return [key, (inner as Json[]).map((it) => it ?? (key === "token_logprobs" ? 0 : {}))];
    }
    if (key === "embedding" && typeof inner === "string") return [key, []];
    return [key, asDocumented(inner)];
  });
  const isLegacyChunk = "object" in value && value["object"] === "text_completion" && value["usage"] === null;
  return Object.fromEntries(isLegacyChunk ? known.filter(([key]) => key !== "usage") : known);
}
