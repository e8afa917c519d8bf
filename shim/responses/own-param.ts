import { renameParam, renamePath } from "../dialect/request/rename-param.ts";
import type { InputTokensBody } from "./schema/response-request.ts";
import type { Turn } from "./to-proto/items.ts";
import { shownTools } from "./to-proto/tools.ts";

const names = [
  ["max_tokens", "max_output_tokens"],
  ["adapters", "lora"],
  ["messages", "input"],
  ["response_format.json_schema.schema", "text.format.schema"],
  ["response_format", "text.format"],
] as const;

/** The service's refusal with its field named as the request has it; anything else as it is. */
export function withOwnParam(error: unknown, request: Pick<InputTokensBody, "tools">, turns: readonly Turn[]): unknown {
  return renameParam(error, (param) => {
    const [, message, part] = /^messages\[(\d+)\](?:\.content\[(\d+)\])?/.exec(param) ?? [];
    if (message !== undefined) {
      const turn = turns[Number(message)];
      return turn?.parts?.[Number(part)] ?? turn?.from ?? "input";
    }
    const tool = /^tools\[(\d+)\](?:\.function)?(.*)$/.exec(param);
    if (tool !== null) return (shownTools(request)[Number(tool[1])]?.from ?? "tools") + (tool[2] ?? "");
    return renamePath(param, names);
  });
}
