import { invalidParameter } from "../../../clients/errors.ts";
import { jsonText } from "../../../clients/json/source-text.ts";
import { type ChatRequestSchema, type ToolSchema, ToolChoiceMode } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { ToolFields } from "../schema/tools.ts";
import type { Init } from "../../dialect/deps.ts";

type ChatInit = Init<typeof ChatRequestSchema>;
type ToolInit = Init<typeof ToolSchema> & { readonly name: string };
type ToolsInit = Pick<ChatInit, "tools" | "toolChoice" | "parallelToolCalls">;

/** Whether the request speaks OpenAI's first form of tools, and is to be answered in it. */
export function usesLegacyFunctions(request: ToolFields): boolean {
  return request.functions != null;
}

/** Tools and the choice among them, from either form. Throws for a choice that the tools cannot satisfy. */
export function toolsToProto(request: ToolFields): ToolsInit {
  if (usesLegacyFunctions(request)) return legacyToProto(request);
  if (request.function_call != null && request.function_call !== "none" && request.function_call !== "auto") {
    throw invalidParameter("function_call", "function_call names a function, but the request has no functions");
  }
  const tools = (request.tools ?? []).map(({ function: fn }) => toolToProto(fn));
  requireDistinct(tools, "tools", "function.name");
  const choice = request.tool_choice ?? undefined;
  const base = { parallelToolCalls: request.parallel_tool_calls ?? undefined };
  if (choice === undefined) return { ...base, tools };
  if (typeof choice === "string") {
    if (choice === "required") requireTools(tools, "tool_choice");
    return { ...base, tools, toolChoice: { choice: { case: "mode", value: choiceModes[choice] } } };
  }
  if (choice.type === "function") {
    requireTool(tools, choice.function.name, "tool_choice.function.name");
    return { ...base, tools, toolChoice: { choice: { case: "name", value: choice.function.name } } };
  }
  const { mode, tools: allowed } = choice.allowed_tools;
  const names = allowed.map(({ function: { name } }, index) => {
    requireTool(tools, name, `tool_choice.allowed_tools.tools[${index}].function.name`);
    return name;
  });
  return {
    ...base,
    tools,
    toolChoice: { choice: { case: "mode", value: choiceModes[mode] }, allowed: names },
  };
}

function legacyToProto(request: ToolFields): ToolsInit {
  if (request.tools != null || request.tool_choice != null) {
    throw invalidParameter("functions", "functions is the old form of tools: give one of them");
  }
  const tools = (request.functions ?? []).map((fn) => toolToProto(fn));
  requireDistinct(tools, "functions", "name");
  const choice = request.function_call ?? "auto";
  if (typeof choice !== "string") requireTool(tools, choice.name, "function_call.name");
  return {
    tools,
    // The old answer has room for one call.
    parallelToolCalls: false,
    toolChoice: {
      choice:
        typeof choice === "string"
          ? { case: "mode", value: choiceModes[choice] }
          : { case: "name", value: choice.name },
    },
  };
}

const choiceModes = {
  none: ToolChoiceMode.NONE,
  auto: ToolChoiceMode.AUTO,
  required: ToolChoiceMode.REQUIRED,
} as const;

interface FunctionFields {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly parameters?: Record<string, unknown> | null | undefined;
  readonly strict?: boolean | null | undefined;
}

function toolToProto(fn: FunctionFields): ToolInit {
  return {
    name: fn.name,
    description: fn.description ?? "",
    parametersJson: fn.parameters == null ? "" : jsonText(fn.parameters),
    strict: fn.strict ?? undefined,
  };
}

function requireTools(tools: readonly ToolInit[], param: string): void {
  if (tools.length === 0) throw invalidParameter(param, `${param} asks for a call, but the request has no tools`);
}

function requireTool(tools: readonly ToolInit[], name: string, param: string): void {
  if (tools.some((tool) => tool.name === name)) return;
  const have = tools.map((tool) => tool.name).join(", ") || "none";
  throw invalidParameter(
    param,
    `${param} is ${JSON.stringify(name.slice(0, 128))}, which is not among the tools (have: ${have})`,
  );
}

function requireDistinct(tools: readonly ToolInit[], field: string, nameField: string): void {
  const seen = new Set<string>();
  for (const [index, { name }] of tools.entries()) {
    if (seen.has(name))
      throw invalidParameter(`${field}[${index}].${nameField}`, `there are two ${field} named "${name}"`);
    seen.add(name);
  }
}
