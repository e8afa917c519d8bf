import { expect, test } from "vitest";
import { parseRequest } from "../../../shim/dialect/request/parse-request.ts";
import { chatFieldsWithoutEffect, chatRequestSchema } from "../../../shim/openai/schema/chat-request.ts";
import { formatWarnings } from "../../../shim/dialect/request/warning-header.ts";

function warningsFor(body: object): readonly string[] {
  return parseRequest(
    chatRequestSchema,
    { messages: [{ role: "user", content: "x" }], ...body },
    chatFieldsWithoutEffect,
  ).warnings;
}

test.each([
  ["templature", "temperature"],
  ["Temperature", "temperature"],
  ["maxTokens", "max_tokens"],
  ["top-p", "top_p"],
  ["stop_sequences", "stop"],
])("suggests what %s was meant to be", (wrong, right) => {
  expect(warningsFor({ [wrong]: 1 })).toEqual([`unknown field "${wrong}" was ignored; did you mean "${right}"?`]);
});

test("suggests nothing for a name that is like none", () => {
  expect(warningsFor({ foo: 1 })).toEqual(['unknown field "foo" was ignored']);
});

test("finds unknown fields at every depth, and none in free-form ones", () => {
  const warnings = warningsFor({
    messages: [
      {
        role: "assistant",
        content: "x",
        tool_calls: [{ id: "c", function: { name: "f", arguments: "{}", argument: 1 } }],
      },
    ],
    stream: true,
    stream_options: { includeUsage: true },
    tools: [{ type: "function", function: { name: "f", parameters: { anything: { goes: 1 } }, describtion: "x" } }],
    chat_template_kwargs: { anything: 1 },
    response_format: { type: "json_schema", json_schema: { name: "n", schema: { anything: 1 } } },
  });
  expect(warnings).toEqual([
    'unknown field "messages[0].tool_calls[0].function.argument" was ignored; did you mean "arguments"?',
    'unknown field "stream_options.includeUsage" was ignored; did you mean "include_usage"?',
    'unknown field "tools[0].function.describtion" was ignored; did you mean "description"?',
  ]);
});

test("says which known fields have no effect, when they are given", () => {
  expect(
    warningsFor({ user: "me", metadata: null, stream: true, stream_options: { include_obfuscation: false } }),
  ).toEqual(['field "user" has no effect: end users are not tracked']);
});

test("a header is ASCII, escaped and bounded, and says how much it left out", () => {
  expect(formatWarnings([])).toBeUndefined();
  expect(formatWarnings(['a "b" \\ \n é'])).toBe(String.raw`299 - "a \"b\" \\ \\u000a \\u00e9"`);
  const many = warningsFor(
    Object.fromEntries(Array.from({ length: 5_000 }, (_, index) => [`field${index}${"x".repeat(500)}`, 1])),
  );
  expect(many).toHaveLength(50);
  const header = formatWarnings(many) ?? "";
  expect(header.length).toBeLessThan(4_200);
  expect(header).toMatch(/299 - "and \d+ more"$/);
});
