import type { ToolParser } from "./tool-parser.ts";
import { functionary32 } from "./functionary.ts";
import { gemma, gemmaFunction } from "./gemma.ts";
import { harmony } from "./harmony.ts";
import type { ReasoningTags } from "../../stream/read-reasoning.ts";

/** The first one counts whose marks are all in a template's source. */
const toolParsers: readonly (readonly [toolParser: ToolParser, ...marks: readonly string[]])[] = [
  [harmony, "<|channel|>", "<|message|>"],
  [functionary32, ">>>all"],
  [gemma, "<|tool_call>call:"],
  [gemmaFunction, "<start_function_call>"],
];

/**
 * The parsers that are written by hand, by marks in a chat template's source: for forms that rendering calls does not
 * show, because answers are marked up as a whole or arguments have a notation of their own.
 */
export function detectToolParser(templateSource: string): ToolParser | undefined {
  return toolParsers.find(([, ...marks]) => marks.every((mark) => templateSource.includes(mark)))?.[0];
}

const thinkingTags: readonly ReasoningTags[] = [
  { start: "<think>", end: "</think>" },
  { start: "[THINK]", end: "[/THINK]" },
  // gpt-oss goes on with the next message of the same answer.
  { start: "<|channel|>analysis<|message|>", end: "<|end|><|start|>assistant" },
  { start: "<|channel>thought", end: "<channel|>" },
  { start: "<|START_THINKING|>", end: "<|END_THINKING|>" },
];

/** The tags around reasoning that a chat template knows; undefined: none. */
export function detectReasoning(templateSource: string): ReasoningTags | undefined {
  const knows = (text: string) => templateSource.includes(text);
  return thinkingTags.find(({ start, end }) => knows(end) || knows(start));
}
