import { expect, test } from "vitest";
import { foldSystem, splitCalls } from "../../../../../services/engine/text/template/bend-messages.ts";
import { chatMessage } from "../support.ts";

const call = (id: string) => ({ id, name: "f", argumentsJson: "{}" });
const result = (id: string) => ({ ...chatMessage("tool", `of ${id}`), toolCallId: id });

test("puts system messages in front of the first user message's text", () => {
  const messages = [
    chatMessage("system", "A"),
    chatMessage("assistant", "x"),
    chatMessage("user", "y", "z"),
    chatMessage("system", "B"),
  ];
  expect(foldSystem(messages)).toEqual([chatMessage("assistant", "x"), chatMessage("user", "A\n\nB\n\ny", "z")]);
});

test("makes a system message a user message where there is no other", () => {
  expect(foldSystem([chatMessage("system", "A"), chatMessage("assistant", "x")])).toEqual([
    chatMessage("user", "A"),
    chatMessage("assistant", "x"),
  ]);
  expect(foldSystem([chatMessage("user", "x")])).toEqual([chatMessage("user", "x")]);
});

test("gives each call a message of its own, with its result behind it", () => {
  const spoken = { ...chatMessage("assistant", "Sure."), reasoning: "Hm.", toolCalls: [call("1"), call("2")] };
  const messages = [chatMessage("user", "x"), spoken, result("2"), result("1"), result("?"), chatMessage("user", "y")];
  expect(splitCalls(messages)).toEqual([
    chatMessage("user", "x"),
    { ...spoken, toolCalls: [call("1")] },
    result("1"),
    { ...chatMessage("assistant"), toolCalls: [call("2")] },
    result("2"),
    result("?"),
    chatMessage("user", "y"),
  ]);
});
