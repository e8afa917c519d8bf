import type { ChatMessage, ChatTool, ChatToolCall } from "../chat-messages.ts";
import type { TemplateShape, ToolShape } from "./template-messages.ts";

/** Renders a conversation with a shape that is only supposed; throws what the template throws. */
export type TryTemplate = (
  messages: readonly ChatMessage[],
  tools: readonly ChatTool[],
  shape: TemplateShape,
) => string;

/**
 * Finds out what a template takes by rendering small conversations and looking whether their words come out, as
 * llama.cpp does: templates do not say it, and many drop what they do not know. undefined: it cannot even write one
 * user message.
 */
export function probeTemplateShape(render: TryTemplate, source: string): TemplateShape | undefined {
  const shows = (
    shape: TemplateShape,
    messages: readonly ChatMessage[],
    tools: readonly ChatTool[],
    needles: string[],
  ) => {
    try {
      const prompt = render(messages, tools, shape);
      return needles.every((needle) => prompt.includes(needle));
    } catch {
      return false;
    }
  };
  const basic = basicShapes(source).find((shape) => shows(shape, [user], [], ["needle-user"]));
  if (basic === undefined) return undefined;
  const tools = toolShapes.find((it) => shows({ ...basic, tools: it }, oneCall, [tool], [...toolNeedles, "value-1"]));
  return {
    ...basic,
    system: shows(basic, [message("system", "needle-system"), user], [], ["needle-system", "needle-user"]),
    tools: tools && {
      ...tools,
      several: shows({ ...basic, tools }, twoCalls, [tool], ["value-1", "value-2"]),
      takesText: shows({ ...basic, tools }, brokenCall, [tool], ["needle-broken"]),
    },
  };
}

function basicShapes(source: string): TemplateShape[] {
  const named = {
    system: true,
    // A generic template writes any role's name, which does not mean that its model knows it.
    developer: source.includes("developer"),
    reasoningKey: /message\.thinking\b|message\[['"]thinking/.test(source) ? "thinking" : "reasoning_content",
    tools: undefined,
  } as const;
  const contents = ["text", "parts"] as const;
  return contents.flatMap((content) => [null, [] as const].map((noTools) => ({ ...named, content, noTools })));
}

/** In the order of preference: an object is written by the template as the model was trained to see it. */
const toolShapes: readonly ToolShape[] = (["any", "nine"] as const).flatMap((ids) =>
  (["", null] as const).flatMap((emptyContent) =>
    (["object", "text"] as const).map((kind) => ({
      arguments: kind,
      emptyContent,
      ids,
      several: true,
      takesText: true,
    })),
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
const toolNeedles = ["needle-description", "needle_argument", "result-1"];

const user = message("user", "needle-user");
const oneCall = [user, calls(1), result(1), message("assistant", "needle-answer"), message("user", "next")];
const twoCalls = [user, calls(1, 2), result(1), result(2)];
const brokenCall = [user, { ...calls(), toolCalls: [{ ...call(1), argumentsJson: "needle-broken" }] }, result(1)];

function calls(...numbers: number[]): ChatMessage {
  return { ...message("assistant", ""), toolCalls: numbers.map(call) };
}

function call(number: number): ChatToolCall {
  return { id: `call_${number}`, name: tool.name, argumentsJson: `{"needle_argument": "value-${number}"}` };
}

function result(number: number): ChatMessage {
  return { ...message("tool", `result-${number}`), toolCallId: `call_${number}`, name: tool.name };
}

function message(role: ChatMessage["role"], text: string): ChatMessage {
  return { role, content: [text], toolCalls: [], toolCallId: "", name: "", reasoning: "" };
}
