import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { MessageSchema, Role, ToolSchema } from "../../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { MediaMarks } from "../../../../services/engine/text/media/media-marks.ts";
import { messageText, parseChatMessages, parseChatTools } from "../../../../services/engine/text/chat-messages.ts";

const text = (value: string) => ({ part: { case: "text" as const, value } });

test("reads messages, and finds the tool's name by its call", () => {
  const toolCalls = [{ id: "1", name: "f", argumentsJson: "{}" }];
  const messages = parseChatMessages(
    [
      create(MessageSchema, { role: Role.DEVELOPER, content: [text("a"), text("b")] }),
      create(MessageSchema, { role: Role.ASSISTANT, toolCalls, reasoning: "Hm." }),
      create(MessageSchema, { role: Role.TOOL, toolCallId: "1", content: [text("c")] }),
    ],
    new MediaMarks(),
  );
  expect(messages.map(({ role, toolName }) => [role, toolName])).toEqual([
    ["developer", ""],
    ["assistant", ""],
    ["tool", "f"],
  ]);
  expect(messages.map(messageText)).toEqual(["a\nb", "", "c"]);
  expect(messages[1]).toMatchObject({ reasoning: "Hm.", toolCalls: [{ id: "1", name: "f" }] });
});

test.each([
  ["messages", []],
  ["messages[0].role", [create(MessageSchema, { content: [text("a")] })]],
  ["messages[0].content[1]", [create(MessageSchema, { role: Role.USER, content: [text("a"), {}] })]],
])("refuses what it cannot show, naming %s", (param, messages) => {
  expect(() => parseChatMessages(messages, new MediaMarks())).toThrow(expect.objectContaining({ param }));
});

test("refuses parameters of a tool that are no JSON", () => {
  const [tool] = parseChatTools([create(ToolSchema, { name: "f", parametersJson: '{"type": "object"}' })]);
  expect(tool).toEqual({ name: "f", description: "", parameters: { type: "object" } });
  const broken = create(ToolSchema, { name: "f", parametersJson: "{" });
  expect(() => parseChatTools([broken])).toThrow(expect.objectContaining({ param: "tools[0].function.parameters" }));
});
