import { RpcError } from "../../clients/errors.ts";
import { isMediaPrompt } from "./schema/prompts.ts";
import { filePlaces } from "./to-proto/media-prompt.ts";

/** The service's names of fields that llama-server calls otherwise, each with those that are looked for in the request. */
const names: Readonly<Record<string, readonly string[]>> = {
  max_tokens: ["n_predict", "max_tokens"],
  n: ["n_cmpl"],
  top_logprobs: ["n_probs"],
  response_format: ["grammar", "json_schema"],
  "response_format.json_schema.schema": ["json_schema"],
  prompt: ["prompt"],
  adapters: ["lora"],
};

/** The file of a prompt that a refused part of it is; of several prompts it is not told which. */
function fileOf(param: string, prompt: unknown): string | undefined {
  const [, part] = /^prompt\.parts\[(\d+)\]/.exec(param) ?? [];
  if (part === undefined) return undefined;
  const file = isMediaPrompt(prompt) ? filePlaces(prompt)[Number(part)] : undefined;
  return file === undefined ? "prompt" : `prompt.multimodal_data[${file}]`;
}

/** The service's refusal with its field named as the request has it; anything else as it is. */
export function explain(error: unknown, body: Readonly<Record<string, unknown>>): unknown {
  if (!(error instanceof RpcError) || error.param === undefined) return error;
  const { param } = error;
  const own = fileOf(param, body["prompt"]) ?? names[param]?.find((name) => body[name] != null);
  if (own === undefined || own === param) return error;
  const message = error.message.startsWith(`${param} `) ? own + error.message.slice(param.length) : error.message;
  const retry = error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs };
  return new RpcError(error.reason, message, { param: own, cause: error, ...retry });
}
