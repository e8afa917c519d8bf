import { invalidParameter } from "../../../clients/errors.ts";
import { jsonText } from "../../../clients/json/source-text.ts";
import { type ChatRequestSchema, ToolChoiceMode } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { Init } from "../../dialect/deps.ts";
import type { AnthropicToolChoice, AnthropicTools } from "../schema/tools.ts";

type ChatInit = Init<typeof ChatRequestSchema>;

interface ToolFields {
  readonly tools?: AnthropicTools;
  readonly tool_choice?: AnthropicToolChoice;
}

const modes = { auto: ToolChoiceMode.AUTO, any: ToolChoiceMode.REQUIRED, none: ToolChoiceMode.NONE } as const;

/** Tools and the choice among them. Throws for a choice that the tools cannot satisfy. */
export function toolsToProto(request: ToolFields): Pick<ChatInit, "tools" | "toolChoice" | "parallelToolCalls"> {
  const tools = (request.tools ?? []).map((tool) => ({
    name: tool.name,
    description: [tool.description ?? "", ...(tool.input_examples ?? []).map(exampleLine)].join(""),
    parametersJson: jsonText(tool.input_schema),
    strict: tool.strict ?? undefined,
  }));
  const names = tools.map(({ name }) => name);
  const twice = names.findIndex((name, index) => names.indexOf(name) < index);
  if (twice !== -1) throw invalidParameter(`tools[${twice}].name`, `there are two tools named "${names[twice]}"`);
  const choice = request.tool_choice;
  if (choice == null) return { tools };
  if (choice.type === "none") return { tools, toolChoice: { choice: { case: "mode", value: modes.none } } };
  const parallelToolCalls = choice.disable_parallel_tool_use === true ? false : undefined;
  if (choice.type === "tool") {
    requireTool(names, choice.name);
    return { tools, parallelToolCalls, toolChoice: { choice: { case: "name", value: choice.name } } };
  }
  if (choice.type === "any" && tools.length === 0) {
    throw invalidParameter("tool_choice", "tool_choice asks for a call, but the request has no tools");
  }
  return { tools, parallelToolCalls, toolChoice: { choice: { case: "mode", value: modes[choice.type] } } };
}

/** Templates show a tool's description and schema, and nothing else of it. */
function exampleLine(example: object): string {
  return `\nExample input: ${jsonText(example)}`;
}

function requireTool(names: readonly string[], name: string): void {
  if (names.includes(name)) return;
  const shown = JSON.stringify(name.slice(0, 128));
  throw invalidParameter(
    "tool_choice.name",
    `tool_choice.name is ${shown}, which is not among the tools (have: ${names.join(", ") || "none"})`,
  );
}
