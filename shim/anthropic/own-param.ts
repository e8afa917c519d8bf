import { renameParam, renamePath } from "../dialect/request/rename-param.ts";
import type { CountRequestBody } from "./schema/message-request.ts";
import { turnsOf } from "./to-proto/chat.ts";

const names = [
  ["stop", "stop_sequences"],
  ["adapters", "lora"],
  ["reasoning.budget_tokens", "thinking.budget_tokens"],
  ["reasoning", "thinking"],
  ["response_format.json_schema.schema", "output_config.format.schema"],
  ["response_format", "output_config.format"],
] as const;

/** The service's refusal with its field named as the request has it; anything else as it is. */
export function withOwnParam(error: unknown, request: CountRequestBody): unknown {
  return renameParam(error, (param) => {
    const [, message, part] = /^messages\[(\d+)\](?:\.content\[(\d+)\])?/.exec(param) ?? [];
    if (message !== undefined) {
      const turn = turnsOf(request)[Number(message)];
      return turn?.parts?.[Number(part)] ?? turn?.from ?? "messages";
    }
    return renamePath(param, names).replace(/^(tools\[\d+\])\.function\.parameters/, "$1.input_schema");
  });
}
