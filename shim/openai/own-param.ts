import { valueAt } from "../dialect/request/field-path.ts";
import { renameMedia } from "../dialect/request/media-parts.ts";
import { renameParam } from "../dialect/request/rename-param.ts";

/** The service's names of fields that have several names here, each with those names. */
const names: readonly (readonly [string, ...string[]])[] = [
  ["max_tokens", "max_tokens", "max_completion_tokens", "n_predict"],
  ["top_logprobs", "top_logprobs", "n_probs", "logprobs"],
  // With best_of it is that many choices that the service is asked for.
  ["n", "best_of", "n"],
  ["mirostat", "mirostat", "mirostat_mode"],
  ["adapters", "lora"],
  ["reasoning.budget_tokens", "reasoning_budget", "thinking_budget_tokens"],
  ["repeat_penalty", "repeat_penalty", "repetition_penalty"],
  [
    "response_format.json_schema.schema",
    "json_schema",
    "guided_json",
    "structured_outputs.json",
    "response_format.json_schema.schema",
  ],
  ["response_format.regex", "guided_regex", "regex", "structured_outputs.regex"],
  ["response_format.choice", "guided_choice", "structured_outputs.choice"],
  [
    "response_format",
    "response_format",
    "grammar",
    "json_schema",
    "guided_json",
    "guided_regex",
    "guided_choice",
    "guided_grammar",
    "regex",
    "ebnf",
    "structured_outputs",
  ],
  ["tools", "tools", "functions"],
  ["documents", "documents", "texts"],
  ["tool_choice", "tool_choice", "function_call"],
];

/**
 * The service's refusal with the field named as the request has it: a caller that sent `max_completion_tokens` is told
 * about that one. Anything else comes back as it is.
 */
export function withOwnParam(error: unknown, request: Readonly<Record<string, unknown>>): unknown {
  return renameParam(error, (param) => {
    for (const [service, ...here] of names) {
      const rest = param.slice(service.length);
      if (!param.startsWith(service) || !/^($|[.[])/.test(rest)) continue;
      const own = here.find((name) => valueAt(request, name.split(".")) != null) ?? service;
      return nameOwn(own + rest, request);
    }
    return nameOfMedia(param, request);
  });
}

function nameOwn(param: string, { response_format: format }: Readonly<Record<string, unknown>>): string {
  // The replaced server's place for a schema.
  if (param === "response_format.json_schema.schema" && valueAt(format, ["schema"]) != null)
    return "response_format.schema";
  // An old function has its fields without the level between.
  return param.startsWith("functions") ? param.replace("].function.", "].") : param;
}

/** Where the part's picture or sound is: a picture's URL may stand without an object around it. */
function nameOfMedia(param: string, request: Readonly<Record<string, unknown>>): string {
  const [, message = "", part = ""] = /^messages\[(\d+)\]\.content\[(\d+)\]\./.exec(param) ?? [];
  const url = valueAt(request, ["messages", message, "content", part, "image_url"]);
  return renameMedia(param, {
    image: typeof url === "string" ? "image_url" : "image_url.url",
    audio: "input_audio.data",
  });
}

/** The service's refusal of the prompt at `index` of a request that has a list of prompts, with its place in the list. */
export function withPromptIndex(error: unknown, index: number): unknown {
  return renameParam(error, (param) => param.replace(/^prompt(?=$|\[)/, `prompt[${index}]`));
}
