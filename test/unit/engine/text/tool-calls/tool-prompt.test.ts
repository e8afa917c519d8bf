import { expect, test } from "vitest";
import { describeTools } from "../../../../../services/engine/text/tool-calls/tool-prompt.ts";
import { chatMessage } from "../support.ts";

const tools = [
  { name: "add", description: "Adds.", parameters: { type: "object" } },
  { name: "now", description: "", parameters: undefined },
];
const user = chatMessage("user", "1 + 2?");
const words = `You can call these functions:
{"name":"add","description":"Adds.","parameters":{"type":"object"}}
{"name":"now","parameters":{}}
To call a function, answer with nothing but this JSON object: {"name": <function name>, "arguments": <arguments object>}
To call several, write one such object on each line. If no function is needed, answer in plain text.`;

test("describes tools in a system message", () => {
  expect(describeTools([user], tools)).toEqual([chatMessage("system", words), user]);
});

test("describes tools behind the request's own system message", () => {
  expect(describeTools([chatMessage("system", "Be brief."), user], tools)).toEqual([
    chatMessage("system", `Be brief.\n\n${words}`),
    user,
  ]);
});

test("says earlier calls and results in words, with tools or without", () => {
  const toolCalls = [
    { id: "1", name: "add", argumentsJson: '{"a": 1}' },
    { id: "2", name: "now", argumentsJson: "" },
  ];
  const messages = [
    { ...chatMessage("assistant", "Let me see."), toolCalls },
    { ...chatMessage("tool", "3"), toolCallId: "1", toolName: "add" },
    { ...chatMessage("tool", "noon"), toolCallId: "?" },
  ];
  expect(describeTools(messages, [])).toEqual([
    chatMessage("assistant", 'Let me see.\n{"name": "add", "arguments": {"a": 1}}\n{"name": "now", "arguments": {}}'),
    chatMessage("user", "Result of add:\n3"),
    chatMessage("user", "Result:\nnoon"),
  ]);
});

test("tells only the calls that would be lost, where a template writes the text beside them", () => {
  const toolCalls = [{ id: "1", name: "add", argumentsJson: '{"a": 1}' }];
  const messages = [
    { ...chatMessage("assistant"), toolCalls },
    { ...chatMessage("assistant", "Let me see."), toolCalls },
  ];
  const told = describeTools(messages, [], { describes: false, calls: "untold", results: false });
  expect(told).toEqual([chatMessage("assistant", '{"name": "add", "arguments": {"a": 1}}'), messages[1]]);
});

test("leaves a conversation without tools as it is", () => {
  expect(describeTools([user], [])).toEqual([user]);
});
