import { valueAt } from "../../dialect/request/field-path.ts";
import { inputName } from "../to-proto/custom-input.ts";
import type { OutputItem } from "./output-item.ts";

/** The free text of a custom tool's call; "" while it is cut off. */
export function customInput(json: string): string {
  const input = valueAt(parsed(json), [inputName]);
  return typeof input === "string" ? input : "";
}

type ShellAction = Extract<OutputItem, { type: "local_shell_call" }>["action"];

/** What a call of the local shell is to run; nothing while it is cut off. */
export function shellActionOf(json: string): ShellAction {
  const call = parsed(json);
  const command = valueAt(call, ["command"]);
  const timeout = valueAt(call, ["timeout_ms"]);
  const folder = valueAt(call, ["working_directory"]);
  return {
    type: "exec",
    command: Array.isArray(command) ? command.map(String) : [],
    env: {},
    timeout_ms: typeof timeout === "number" ? timeout : null,
    working_directory: typeof folder === "string" ? folder : null,
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
