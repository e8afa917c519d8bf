import { invalidParameter } from "../../../../clients/errors.ts";
import { type ExactJson, parseExactJson } from "../../../../clients/json/exact-json.ts";
import type { ChatRequest } from "../../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { isObject } from "../tool-calls/derived/value-types.ts";

/** Variables for a chat template, by name. */
export type TemplateVariables = Readonly<Record<string, ExactJson>>;

/** The two fields of a request that hold variables for the template: the text keeps numbers as they are written. */
export type KwargsRequest = Pick<ChatRequest, "chatTemplateKwargs" | "chatTemplateKwargsJson">;

/** A request's own variables for the template. Throws INVALID_PARAMETER on text that is not a JSON object. */
export function templateKwargs({ chatTemplateKwargs, chatTemplateKwargsJson }: KwargsRequest): TemplateVariables {
  if (chatTemplateKwargsJson === "") return chatTemplateKwargs ?? {};
  return { ...chatTemplateKwargs, ...parseObject(chatTemplateKwargsJson) };
}

function parseObject(text: string): TemplateVariables {
  const param = "chat_template_kwargs";
  let value: ExactJson;
  try {
    value = parseExactJson(text);
  } catch (cause) {
    throw invalidParameter(param, `${param} is not JSON: ${(cause as Error).message}`);
  }
  if (isObject(value)) return value;
  throw invalidParameter(param, `${param} is not a JSON object`);
}
