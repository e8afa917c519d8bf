import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import { jsonText } from "../../../clients/json/source-text.ts";
import { type ChatRequestSchema, type ToolSchema, ToolChoiceMode } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { Init } from "../../dialect/deps.ts";
import type { CustomTool, FunctionTool, NamedChoice, ResponseToolChoice, ResponseTools } from "../schema/tools.ts";
import { customInputSchema } from "./custom-input.ts";

/** A tool as the client knows it. */
export interface OwnTool {
  readonly kind: "function" | "custom" | "local_shell";
  readonly name: string;
  readonly namespace: string | undefined;
}

export const shellName = "local_shell";

/** The one name by which the model calls a tool: those of a namespace carry its name in front. */
export function modelName(name: string, namespace: string | null | undefined): string {
  if (namespace == null || namespace === "") return name;
  return namespace.endsWith("__") ? namespace + name : `${namespace}__${name}`;
}

type ChatInit = Init<typeof ChatRequestSchema>;

interface ToolFields {
  readonly tools?: ResponseTools;
  readonly tool_choice?: ResponseToolChoice;
}

/** A tool that the model may call, for the proto, and as the client knows it. */
interface ShownTool {
  readonly init: Init<typeof ToolSchema>;
  readonly own: OwnTool;
  /** Where it is in the request. */
  readonly from: string;
}

const shellSchema = {
  type: "object",
  properties: {
    command: { type: "array", items: { type: "string" }, description: "The program and its arguments" },
    working_directory: { type: "string" },
    timeout_ms: { type: "integer", minimum: 0 },
  },
  required: ["command"],
};

/** The tools that the model is shown, in order; hosted ones are not among them. */
export function shownTools({ tools }: ToolFields): ShownTool[] {
  return (tools ?? []).flatMap((tool, index): ShownTool[] => {
    const from = `tools[${index}]`;
    switch (tool.type) {
      case "function":
      case "custom":
        return [shownTool(tool, { from })];
      case "local_shell":
        return [
          {
            init: { name: shellName, description: "Runs a command.", parametersJson: JSON.stringify(shellSchema) },
            own: { kind: "local_shell", name: shellName, namespace: undefined },
            from,
          },
        ];
      case "namespace":
        return tool.tools.map((inner, at) =>
          shownTool(inner, { from: `${from}.tools[${at}]`, namespace: tool.name, about: tool.description ?? "" }),
        );
      default:
        return [];
    }
  });
}

/** The names of the hosted tools that the request offers and this server leaves out. */
export function leftOutTools({ tools }: ToolFields): string[] {
  return (tools ?? []).filter(isHosted).map(({ type }) => type);
}

/** Tools and the choice among them. Throws for a choice that the tools cannot satisfy. */
export function toolsToProto(request: ToolFields): Pick<ChatInit, "tools" | "toolChoice"> {
  const shown = shownTools(request);
  refuseHosted(request, shown);
  const seen = new Set<string | undefined>();
  for (const { init, from } of shown) {
    if (seen.has(init.name)) throw invalidParameter(`${from}.name`, `there are two tools named "${init.name}"`);
    seen.add(init.name);
  }
  const tools = shown.map(({ init }) => init);
  const choice = request.tool_choice;
  if (choice == null) return { tools };
  if (typeof choice === "string") {
    if (choice === "required" && tools.length === 0) {
      throw invalidParameter("tool_choice", "tool_choice asks for a call, but the request has no tools");
    }
    return { tools, toolChoice: { choice: { case: "mode", value: modes[choice] } } };
  }
  if (choice.type !== "allowed_tools") {
    return { tools, toolChoice: { choice: { case: "name", value: chosenName(shown, choice, "tool_choice") } } };
  }
  const allowed = choice.tools.map((it, index) => chosenName(shown, it, `tool_choice.tools[${index}]`));
  return { tools, toolChoice: { choice: { case: "mode", value: modes[choice.mode ?? "auto"] }, allowed } };
}

const modes = {
  none: ToolChoiceMode.NONE,
  auto: ToolChoiceMode.AUTO,
  required: ToolChoiceMode.REQUIRED,
} as const;

/**
 * Refuses hosted tools, but those that Codex merely offers beside others. A request that has no other, or must have a
 * call, is for them.
 */
function refuseHosted({ tools, tool_choice: choice }: ToolFields, shown: readonly ShownTool[]): void {
  const mayBeLeftAlone = shown.length > 0 && choice !== "required";
  const index = (tools ?? []).findIndex((tool) => isHosted(tool) && !(mayBeLeftAlone && isMerelyOffered(tool)));
  const hosted = tools?.[index];
  if (hosted === undefined) return;
  const param = `tools[${index}]`;
  const message = `${param}: ${hosted.type} is a hosted tool, which is not served: give the model a function that does it`;
  throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param });
}

type ResponseTool = NonNullable<ResponseTools>[number];

function isHosted({ type }: ResponseTool): boolean {
  return type === "web_search" || type === "tool_search";
}

function isMerelyOffered(tool: ResponseTool): boolean {
  if (tool.type === "web_search") return tool.external_web_access != null;
  return tool.type === "tool_search" && tool.execution === "client";
}

function chosenName(shown: readonly ShownTool[], choice: NamedChoice, param: string): string {
  const name = choice.type === "local_shell" ? shellName : modelName(choice.name, choice.namespace);
  if (shown.some(({ init, own }) => init.name === name && own.kind === choice.type)) return name;
  const have = shown.map(({ init }) => init.name).join(", ") || "none";
  const at = choice.type === "local_shell" ? param : `${param}.name`;
  throw invalidParameter(
    at,
    `${at} is ${JSON.stringify(name.slice(0, 128))}, which is not among the tools (have: ${have})`,
  );
}

interface Place {
  readonly from: string;
  readonly namespace?: string;
  /** What is said of the namespace, which templates have no other place for. */
  readonly about?: string;
}

function shownTool(tool: FunctionTool | CustomTool, { from, namespace, about = "" }: Place): ShownTool {
  const common = {
    name: modelName(tool.name, namespace),
    description: [tool.description ?? "", about].filter((text) => text !== "").join("\n"),
  };
  const own = { kind: tool.type, name: tool.name, namespace };
  if (tool.type === "custom") {
    const schema = customInputSchema(tool, from);
    return { init: { ...common, parametersJson: JSON.stringify(schema), strict: true }, own, from };
  }
  const { parameters, strict } = tool;
  const parametersJson = parameters == null ? "" : jsonText(parameters);
  return { init: { ...common, parametersJson, strict: strict ?? undefined }, own, from };
}
