import type { ChatMessage, ChatTool, ChatToolCall } from "../chat-messages.ts";
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
 * llama.cpp does: templates do not say it, and many drop what they do not know. A conversation is given as it is, where
 * the template takes it so: it is bent only where the template would refuse it or drop a part.
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
  return {
    shape: {
      ...basic,
      system: hasAll(system, ["needle-system", "needle-user"]),
      describesTools: hasAll(look([user], [tool], {}), toolNeedles),
      showsResults: hasAll(look([user, message("assistant", "x"), result(1)], [], {}), ["result-1"]),
      tools: probeTools((messages, tools, shape) => look(messages, tools, { tools: shape })),
    },
    fault: undefined,
  };
}

type Look = (messages: readonly ChatMessage[], tools: readonly ChatTool[], shape: ToolShape) => string | undefined;

function probeTools(look: Look): ToolShape | undefined {
  const shape = toolShapes.find((it) => hasAll(look(oneCall, [tool], it), ["value-1", "result-1"]));
  if (shape === undefined) return undefined;
  const withNull = look(nullContent, [tool], { ...shape, nullContent: null });
  const withText = look(nullContent, [tool], { ...shape, nullContent: shape.emptyContent });
  // Python's word for null in the middle of a prompt is nothing that a model has learnt.
  const takesNull =
    hasAll(withNull, ["value-1"]) && (withNull?.includes("None") !== true || withText?.includes("None") === true);
  return {
    ...shape,
    nullContent: takesNull ? null : shape.emptyContent,
    several: hasAll(look(twoCalls, [tool], shape), ["value-1", "value-2"]),
    takesText: hasAll(look(brokenCall, [tool], shape), ["needle-broken"]),
    bareTools: hasAll(look([user], [bareTool], { ...shape, bareTools: true }), ["needle_tool"]),
  };
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
  system: true,
  developer: true,
  noTools: "none",
  reasoningKey: "reasoning_content",
  describesTools: false,
  showsResults: false,
  tools: undefined,
};

function basicShapes(source: string): TemplateShape[] {
  const named = {
    ...ordinaryShape,
    // A generic template writes any role's name, which does not mean that its model knows it.
    developer: source.includes("developer"),
    reasoningKey: /message\.thinking\b|message\[['"]thinking/.test(source) ? "thinking" : "reasoning_content",
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
        ids,
        resultNames,
        several: true,
        takesText: true,
        bareTools: false,
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
const nullContent = [user, { ...calls(1), content: [] }, result(1)];
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
