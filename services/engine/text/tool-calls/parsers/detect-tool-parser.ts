import type { ToolParser } from "./tool-parser.ts";
import { deepseek, deepseek31 } from "./deepseek.ts";
import { functionary31, functionary32 } from "./functionary.ts";
import { gemma, gemmaFunction } from "./gemma.ts";
import { generic } from "./generic.ts";
import { harmony } from "./harmony.ts";
import { hermes } from "./hermes.ts";
import { llama3 } from "./llama-3.ts";
import { mistral, mistralArgs } from "./mistral.ts";
import type { ReasoningTags } from "../../stream/read-reasoning.ts";

/** The first one counts whose marks are all in a template's source: some marks also occur in others' templates. */
const toolParsers: readonly (readonly [toolParser: ToolParser, ...marks: readonly string[]])[] = [
  [harmony, "<|channel|>", "<|message|>"],
  [functionary32, ">>>all"],
  [mistralArgs, "[TOOL_CALLS]", "[ARGS]"],
  [mistral, "[TOOL_CALLS]"],
  [deepseek, "<｜tool▁calls▁begin｜>", "```json"],
  [deepseek31, "<｜tool▁calls▁begin｜>"],
  [gemma, "<|tool_call>"],
  [gemmaFunction, "<start_function_call>"],
  [hermes, "<tool_call>"],
  [functionary31, "<function="],
  [llama3, "<|start_header_id|>", '"parameters"'],
];

/** Tells by a chat template's source how its models write calls; `generic` when it has none of the known marks. */
export function detectToolParser(templateSource: string): ToolParser {
  return toolParsers.find(([, ...marks]) => marks.every((mark) => templateSource.includes(mark)))?.[0] ?? generic;
}

const thinkingTags: readonly ReasoningTags[] = [
  { start: "<think>", end: "</think>" },
  { start: "[THINK]", end: "[/THINK]" },
  // gpt-oss goes on with the next message of the same answer.
  { start: "<|channel|>analysis<|message|>", end: "<|end|><|start|>assistant" },
  { start: "<|channel>thought", end: "<channel|>" },
];

/** The tags around reasoning that a chat template knows; undefined: none. */
export function detectReasoning(templateSource: string): ReasoningTags | undefined {
  const knows = (text: string) => templateSource.includes(text);
  return thinkingTags.find(({ start, end }) => knows(end) || knows(start));
}
