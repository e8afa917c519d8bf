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
    if (validate(value)) return undefined;
    const faults = (validate.errors ?? []).filter((error) => !isDocumentsFault(error.instancePath, error.data, value));
    return faults.length === 0 ? undefined : `${schema}: ${ajv.errorsText(faults)}`;
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
 * Where OpenAI's API itself does not do as its document says: the first API's log-probabilities and chunks have nulls,
 * and vectors come as base64 when that is asked for.
 */
function isDocumentsFault(path: string, data: unknown, value: unknown): boolean {
  if (path.endsWith("/embedding")) return typeof data === "string";
  const isLegacy = (value as { object?: string }).object === "text_completion";
  return (
    isLegacy &&
    valueAt(value, path) === null &&
    /\/(token_logprobs|top_logprobs)\/\d+$|\/finish_reason$|^\/usage$/.test(path)
  );
}

function valueAt(value: unknown, path: string): unknown {
  const keys = path.split("/").slice(1);
  return keys.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], value);
}
