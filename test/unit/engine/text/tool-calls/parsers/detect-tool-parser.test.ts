import { expect, test } from "vitest";
import {
  detectToolParser,
  detectReasoning,
} from "../../../../../../services/engine/text/tool-calls/parsers/detect-tool-parser.ts";
import { tinyGuideTemplate } from "../../support.ts";

test.each([
  ["functionary-v3.2", `<|start_header_id|> … '>>>all\\n' + message['content']`],
  ["gemma", "'<|tool_call>call:' + function['name']"],
  ["function-gemma", "'<start_function_call>call:'"],
  ["harmony", "<|start|>assistant<|channel|>final<|message|>"],
])("finds %s by the marks in a template", (name, source) => {
  expect(detectToolParser(source)?.name).toBe(name);
});

test("finds the tags around reasoning", () => {
  expect(detectReasoning(tinyGuideTemplate)?.start).toBe("<think>");
  expect(detectReasoning("content.split('</think>')")?.start).toBe("<think>");
  expect(detectReasoning("[THINK]")?.end).toBe("[/THINK]");
  expect(detectReasoning("<|channel|>analysis<|message|>")?.end).toBe("<|end|><|start|>assistant");
  expect(detectReasoning("{{ messages }}")).toBeUndefined();
});
