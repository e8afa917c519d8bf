import type { CallForm } from "../../../../services/engine/text/tool-calls/derived/call-form.ts";
import { createDerivedParser } from "../../../../services/engine/text/tool-calls/derived/derived-tool-parser.ts";

const shell = { prefix: "", separator: "", suffix: "", empty: undefined, several: true, firstIndex: 0 } as const;
const json = { kind: "json" } as const;
const name = { slot: "name" } as const;

const forms = {
  hermes: {
    ...shell,
    before: ['<tool_call>\n{"name": "', name, '", "arguments": '],
    arguments: json,
    after: ["}\n</tool_call>"],
    separator: "\n",
  },
  mistral: {
    ...shell,
    prefix: "[TOOL_CALLS][",
    before: ['{"name": "', name, '", "arguments": '],
    arguments: json,
    after: ["}"],
    separator: ", ",
    suffix: "]",
  },
  mistralArgs: { ...shell, before: ["[TOOL_CALLS]", name, "[ARGS]"], arguments: json, after: [] },
  functionary31: { ...shell, before: ["<function=", name, ">"], arguments: json, after: ["</function>"] },
  deepseek: {
    ...shell,
    prefix: "<｜tool▁calls▁begin｜>",
    before: ["<｜tool▁call▁begin｜>function<｜tool▁sep｜>", name, "\n```json\n"],
    arguments: json,
    after: ["\n```<｜tool▁call▁end｜>"],
    separator: "\n",
    suffix: "<｜tool▁calls▁end｜>",
  },
  deepseek31: {
    ...shell,
    prefix: "<｜tool▁calls▁begin｜>",
    before: ["<｜tool▁call▁begin｜>", name, "<｜tool▁sep｜>"],
    arguments: json,
    after: ["<｜tool▁call▁end｜>"],
    suffix: "<｜tool▁calls▁end｜>",
  },
  llama3: {
    ...shell,
    before: ['{"name": "', name, '", "parameters": '],
    arguments: json,
    after: ["}"],
    several: false,
  },
  qwenCoder: {
    ...shell,
    before: ["<tool_call>\n<function=", name, ">"],
    arguments: {
      kind: "tagged",
      open: "\n<parameter=",
      between: { string: ">\n", number: ">\n", boolean: ">\n", null: ">\n", object: ">\n", array: ">\n" },
      close: ["\n</parameter>"],
      style: "python",
    },
    after: ["\n</function>\n</tool_call>"],
    separator: "\n",
  },
} as const satisfies Record<string, CallForm>;

/** Parsers of the forms that real templates write. */
export const hermes = createDerivedParser(forms.hermes);
export const mistral = createDerivedParser(forms.mistral);
export const mistralArgs = createDerivedParser(forms.mistralArgs);
export const functionary31 = createDerivedParser(forms.functionary31);
export const deepseek = createDerivedParser(forms.deepseek);
export const deepseek31 = createDerivedParser(forms.deepseek31);
export const llama3 = createDerivedParser(forms.llama3, ["<|python_tag|>"]);
export const qwenCoder = createDerivedParser(forms.qwenCoder);
