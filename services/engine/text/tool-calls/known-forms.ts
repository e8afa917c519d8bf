import { type CallForm, pythonNotation, usualSpacing } from "./derived/call-form.ts";

const shell = {
  spacing: usualSpacing,
  separator: "",
  suffix: "",
  empty: undefined,
  several: true,
  firstIndex: 0,
} as const;
const json = { kind: "json" } as const;
const name = { slot: "name" } as const;

/** Models whose templates describe tools, but write no calls: by a mark in the template. The first one counts. */
const forms: readonly (readonly [mark: string, CallForm])[] = [
  // LFM2: https://docs.liquid.ai/lfm/key-concepts/tool-use
  [
    "<|tool_list_start|>",
    {
      ...shell,
      notation: pythonNotation,
      prefix: "<|tool_call_start|>[",
      before: [name, "("],
      arguments: { kind: "inline", between: "=", separator: ", ", quote: '"', escapes: true, style: "python" },
      after: [")"],
      separator: ", ",
      suffix: "]<|tool_call_end|>",
    },
  ],
  // LFM2.5's, whose list of tools has no marks.
  [
    "List of tools: [",
    {
      ...shell,
      notation: pythonNotation,
      prefix: "<|tool_call_start|>[",
      before: [name, "("],
      arguments: { kind: "inline", between: "=", separator: ", ", quote: '"', escapes: true, style: "python" },
      after: [")"],
      separator: ", ",
      suffix: "]<|tool_call_end|>",
    },
  ],
  // Granite 3.3
  [
    "<|tool_call|>",
    {
      ...shell,
      prefix: "<|tool_call|>[",
      before: ['{"name": "', name, '", "arguments": '],
      arguments: json,
      after: ["}"],
      separator: ", ",
      suffix: "]",
    },
  ],
  // Hermes and who follow it: the template shows the form in words.
  [
    "<tool_call>",
    {
      ...shell,
      prefix: "",
      before: ['<tool_call>\n{"name": "', name, '", "arguments": '],
      arguments: json,
      after: ["}\n</tool_call>"],
      separator: "\n",
    },
  ],
];

/** The form of calls by a mark in a template's source; undefined: none of those that are known. */
export function knownForm(source: string): CallForm | undefined {
  return forms.find(([mark]) => source.includes(mark))?.[1];
}
