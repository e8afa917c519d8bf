import type { ChatMessage, ChatRole, ChatTool, ChatToolCall } from "../chat-messages.ts";
import { JinjaError } from "./jinja/jinja-error.ts";
import type { TemplateShape, ToolShape } from "./template-messages.ts";

/** Renders a conversation with a shape that is only supposed; throws what the template throws. */
export type TryTemplate = (
  messages: readonly ChatMessage[],
  tools: readonly ChatTool[],
  shape: TemplateShape,
) => string;

export interface ProbedTemplate {
  readonly shape: TemplateShape;
  /** Why it cannot even write one user message; undefined: it can. */
  readonly fault: string | undefined;
}

/**
 * Finds out what a template takes by rendering small conversations and looking whether their words come out, as
 * llama.cpp does: templates do not say it, and many drop what they do not know.
 */
export function probeTemplateShape(render: TryTemplate, source: string): ProbedTemplate {
  const basics = basicShapes(source);
  const [first] = basics;
  const tried = basics.map((shape) => ({ shape, result: tryOut(() => render([user], [], shape)) }));
  const basic = tried.find(({ result }) => result.prompt?.includes("needle-user"))?.shape;
  if (basic === undefined || first === undefined) {
    return { shape: ordinaryShape, fault: tried[0]?.result.fault ?? "it leaves out the user's message" };
  }
  const look = (messages: readonly ChatMessage[], tools: readonly ChatTool[], change: Partial<TemplateShape>) =>
    tryOut(() => render(messages, tools, { ...basic, ...change })).prompt;
  const system = look([message("system", "needle-system"), user], [], {});
  const isWritten = hasAll(system, ["needle-system", "needle-user"]);
  const tools = probeTools((messages, list, shape) => look(messages, list, { tools: shape }));
  const roles = new Map<ChatRole, boolean>();
  return {
    shape: {
      ...basic,
      ...probeReasoning((messages, reasoningKey) => look(messages, [tool], { reasoningKey, tools }), source),
      takesParts(role) {
        // Few requests have any, so that this waits for the first that does.
        const known = roles.get(role) ?? showsParts(look(withParts(role), [], { takesParts: () => true, tools }));
        roles.set(role, known);
        return known;
      },
      system: isWritten ? "written" : system === undefined ? "refused" : "dropped",
      describesTools: hasAll(look([user], [tool], {}), toolNeedles),
      showsResults: hasAll(look([user, message("assistant", "x"), result(1)], [], {}), ["result-1"]),
      tools,
      bareTools: hasAll(look([user], [bareTool], { bareTools: true }), ["needle_tool"]),
    },
    fault: undefined,
  };
}

type Look = (messages: readonly ChatMessage[], tools: readonly ChatTool[], shape: ToolShape) => string | undefined;

function probeTools(look: Look): ToolShape | undefined {
  const shape = toolShapes.find((it) => hasAll(look(oneCall, [tool], it), ["value-1", "result-1"]));
  if (shape === undefined) return undefined;
  const withoutContent = look(noContent, [tool], { ...shape, noContent: undefined });
  return {
    ...shape,
    noContent: hasAll(withoutContent, ["value-1"]) ? undefined : shape.emptyContent,
    several: hasAll(look(twoCalls, [tool], shape), ["value-1", "value-2"]),
    takesText: hasAll(look(brokenCall, [tool], shape), ["needle-broken"]),
  };
}

type ReasoningKey = TemplateShape["reasoningKey"];

/** The first name under which a thought comes out, of those that stand in the source. */
function probeReasoning(
  look: (messages: readonly ChatMessage[], key: ReasoningKey) => string | undefined,
  source: string,
): Pick<TemplateShape, "reasoningKey" | "reasonsBesideText"> {
  const keys = reasoningKeys.filter((key) => new RegExp(`\\b${key}\\b`).test(source));
  // Many templates leave out what was thought before the last question.
  const reasoning = "needle-thought";
  const conversations = [
    [user, { ...calls(1), reasoning }, result(1)],
    [user, { ...message("assistant", "x"), reasoning }],
  ];
  const isShown = (key: ReasoningKey) => conversations.some((messages) => hasAll(look(messages, key), [reasoning]));
  const reasoningKey = keys.find(isShown) ?? "reasoning_content";
  const beside = { ...calls(1), content: ["x"], reasoning };
  return { reasoningKey, reasonsBesideText: keys.length === 0 || look([user, beside], reasoningKey) !== undefined };
}

const reasoningKeys = ["reasoning_content", "reasoning", "thinking"] as const;

/** A conversation with two parts in a message of this role. */
function withParts(role: ChatRole): readonly ChatMessage[] {
  const parts: ChatMessage = { ...message(role, ""), content: ["needle-one", "needle-two"], contentForm: "parts" };
  switch (role) {
    case "user":
      return [parts];
    case "assistant":
      return [user, parts, user];
    case "tool":
      return [user, calls(1), { ...result(1), content: parts.content, contentForm: "parts" }];
    default:
      return [parts, user];
  }
}

/** Whether the parts' texts came out, and not the list that they are in. */
function showsParts(prompt: string | undefined): boolean {
  return hasAll(prompt, ["needle-one", "needle-two"]) && !/needle-one['"]/.test(prompt ?? "");
}

function hasAll(prompt: string | undefined, needles: readonly string[]): boolean {
  return prompt !== undefined && needles.every((needle) => prompt.includes(needle));
}

function tryOut(render: () => string): { readonly prompt?: string; readonly fault?: string } {
  try {
    return { prompt: render() };
  } catch (error) {
    if (!(error instanceof JinjaError)) throw error;
    return { fault: error.line === undefined ? error.message : `${error.message} (line ${error.line})` };
  }
}

/** For a template that failed when it was tried: a real request gets its error. */
const ordinaryShape: TemplateShape = {
  content: "text",
  takesParts: () => false,
  system: "written",
  developer: true,
  noTools: "none",
  reasoningKey: "reasoning_content",
  reasonsBesideText: true,
  describesTools: false,
  showsResults: false,
  tools: undefined,
  bareTools: false,
};

function basicShapes(source: string): TemplateShape[] {
  const named = {
    ...ordinaryShape,
    // A generic template writes any role's name, which does not mean that its model knows it.
    developer: source.includes("developer"),
  } as const;
  const contents = ["text", "parts"] as const;
  return contents.flatMap((content) => (["none", "empty"] as const).map((noTools) => ({ ...named, content, noTools })));
}

/** In the order of preference: an object is written by the template as the model was trained to see it. */
const toolShapes: readonly ToolShape[] = (["any", "nine"] as const).flatMap((ids) =>
  (["sent", "found"] as const).flatMap((resultNames) =>
    (["", null] as const).flatMap((emptyContent) =>
      (["object", "text"] as const).map((kind) => ({
        arguments: kind,
        emptyContent,
        nullContent: emptyContent,
        noContent: emptyContent,
        ids,
        resultNames,
        several: true,
        takesText: true,
      })),
    ),
  ),
);

const tool: ChatTool = {
  name: "needle_tool",
  description: "needle-description",
  parameters: {
    type: "object",
    properties: { needle_argument: { type: "string", description: "needle-argument" } },
    required: ["needle_argument"],
  },
};
const bareTool: ChatTool = { name: tool.name, description: "", parameters: undefined };
const toolNeedles = ["needle-description", "needle_argument"];

const user = message("user", "needle-user");
const oneCall = [user, calls(1), result(1), message("assistant", "needle-answer"), message("user", "next")];
const noContent = [user, { ...calls(1), content: [] }, result(1)];
const twoCalls = [user, calls(1, 2), result(1), result(2)];
const brokenCall = [user, { ...calls(), toolCalls: [{ ...call(1), argumentsJson: "needle-broken" }] }, result(1)];

function calls(...numbers: number[]): ChatMessage {
  return { ...message("assistant", ""), toolCalls: numbers.map(call) };
}

function call(number: number): ChatToolCall {
  return { id: `call_${number}`, name: tool.name, argumentsJson: `{"needle_argument": "value-${number}"}` };
}

function result(number: number): ChatMessage {
  return { ...message("tool", `result-${number}`), toolCallId: `call_${number}`, toolName: tool.name };
}

function message(role: ChatMessage["role"], text: string): ChatMessage {
  return { role, content: [text], toolCalls: [], toolCallId: "", name: "", toolName: "", reasoning: "" };
}
