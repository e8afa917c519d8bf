import { RpcError } from "../../clients/errors.ts";

/** The service's names of fields that Ollama calls otherwise. */
const names: Readonly<Record<string, string>> = {
  max_tokens: "options.num_predict",
  top_logprobs: "top_logprobs",
  "response_format.json_schema.schema": "format",
  response_format: "format",
  documents: "input",
};
const options: ReadonlySet<string> = new Set([
  "temperature",
  "top_k",
  "top_p",
  "min_p",
  "typical_p",
  "repeat_last_n",
  "repeat_penalty",
  "presence_penalty",
  "frequency_penalty",
  "mirostat",
  "mirostat_tau",
  "mirostat_eta",
  "seed",
  "stop",
]);

/** Of a message, or of the prompt: pictures are the first of its parts. */
function imageOf(param: string): string | undefined {
  const [, message, index] = /^(?:(messages\[\d+\])\.content|prompt\.parts)\[(\d+)\]\.image\b/.exec(param) ?? [];
  if (index === undefined) return undefined;
  return message === undefined ? `images[${index}]` : `${message}.images[${index}]`;
}

/** The service's refusal with its field named as Ollama's clients know it; anything else as it is. */
export function explain(error: unknown): unknown {
  if (!(error instanceof RpcError) || error.param === undefined) return error;
  const { param } = error;
  const own = imageOf(param) ?? names[param] ?? (options.has(param.replace(/\[.*$/, "")) ? `options.${param}` : param);
  if (own === param) return error;
  const message = error.message.startsWith(`${param} `)
    ? own + error.message.slice(param.length)
    : `${own}: ${error.message}`;
  return new RpcError(error.reason, message, { param: own, cause: error });
}
