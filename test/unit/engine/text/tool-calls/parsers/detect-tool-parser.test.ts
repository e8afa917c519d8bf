import { expect, test } from "vitest";
import {
  detectToolParser,
  detectReasoning,
} from "../../../../../../services/engine/text/tool-calls/parsers/detect-tool-parser.ts";
import { tinyGuideTemplate } from "../../support.ts";

test.each([
  ["hermes", tinyGuideTemplate],
  ["llama-3", `<|start_header_id|>system … {"name": function name, "parameters": …}`],
  ["mistral", `[TOOL_CALLS][`],
  ["mistral-args", `'[TOOL_CALLS]' + name + '[ARGS]'`],
  ["functionary-v3.1", `<|start_header_id|> … <function=example_function_name>{"parameters"`],
  ["functionary-v3.2", `<|start_header_id|> … '>>>all\\n' + message['content']`],
  ["deepseek", "'<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>' + tool['type'] + '<｜tool▁sep｜>' + '```json'"],
  ["deepseek-v3.1", "'<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>' + tool['function']['name'] + '<｜tool▁sep｜>'"],
  ["gemma", "'<|tool_call>call:' + function['name']"],
  ["function-gemma", "'<start_function_call>call:'"],
  ["harmony", "<|start|>assistant<|channel|>final<|message|>"],
  ["generic", "{{ messages[0].content }}"],
])("finds %s by the marks in a template", (name, source) => {
  expect(detectToolParser(source).name).toBe(name);
});

test("finds the tags around reasoning", () => {
  expect(detectReasoning(tinyGuideTemplate)?.start).toBe("<think>");
  expect(detectReasoning("content.split('</think>')")?.start).toBe("<think>");
  expect(detectReasoning("[THINK]")?.end).toBe("[/THINK]");
  expect(detectReasoning("<|channel|>analysis<|message|>")?.end).toBe("<|end|><|start|>assistant");
  expect(detectReasoning("{{ messages }}")).toBeUndefined();
});
