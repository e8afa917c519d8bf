import type { ChatMessage, ChatTool } from "./chat-messages.ts";
import type { TemplateShape, ToolShape } from "./template-messages.ts";

/** Renders a conversation with a shape that is only supposed; throws what the template throws. */
export type TryTemplate = (
  messages: readonly ChatMessage[],
  tools: readonly ChatTool[],
  shape: TemplateShape,
) => string;

const plain: TemplateShape = { content: "text", system: true, developer: true, tools: undefined };

/**
 * Finds out what a template takes by rendering small conversations and looking whether their words come out, as
 * llama.cpp does: templates do not say it, and many drop what they do not know. A template that fails at all of them
 * is taken to be an ordinary one, so that the real request gets its own error.
 */
export function probeTemplateShape(render: TryTemplate, source: string): TemplateShape {
  const shows = (
    messages: readonly ChatMessage[],
    shape: TemplateShape,
    needles: readonly string[],
    tools?: ChatTool[],
  ) => {
    try {
      const prompt = render(messages, tools ?? [], shape);
      return needles.every((needle) => prompt.includes(needle));
    } catch {
      return false;
    }
  };

  const user = message("user", "needle-user");
  const content =
    !shows([user], plain, ["needle-user"]) && shows([user], { ...plain, content: "parts" }, ["needle-user"]);
  const shape: TemplateShape = { ...plain, content: content ? "parts" : "text" };
  const works = shows([user], shape, ["needle-user"]);
  const system = !works || shows([message("system", "needle-system"), user], shape, ["needle-system", "needle-user"]);

  return {
    ...shape,
    system,
    // A generic template writes any role's name, which does not mean that its model knows it.
    developer: source.includes("developer"),
    tools: toolShapes.find((tools) => shows(toolDialogue(user), { ...shape, tools }, toolNeedles, [tool])),
  };
}

/** In the order of preference: an object is written by the template as the model was trained to see it. */
const toolShapes: readonly ToolShape[] = (["any", "nine"] as const).flatMap((ids) =>
  (["", null] as const).flatMap((emptyContent) =>
    (["object", "text"] as const).map((kind) => ({ arguments: kind, emptyContent, ids })),
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
const toolNeedles = ["needle-description", "needle_argument", "needle-value", "needle-result"];

function toolDialogue(user: ChatMessage): ChatMessage[] {
  const call = { id: "call_needle", name: tool.name, argumentsJson: '{"needle_argument": "needle-value"}' };
  return [
    user,
    { ...message("assistant", ""), toolCalls: [call] },
    { ...message("tool", "needle-result"), toolCallId: call.id, name: tool.name },
    message("assistant", "needle-answer"),
    message("user", "needle-next"),
  ];
}

function message(role: ChatMessage["role"], text: string): ChatMessage {
  return { role, content: [text], toolCalls: [], toolCallId: "", name: "", reasoning: "" };
}
