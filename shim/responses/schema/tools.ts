import { z } from "zod";
import { arrayOf, flag, jsonObject, text, unsettable, unsupported, variants } from "../../dialect/request/fields.ts";

// OpenAI's number for functions; an agent's namespaces come on top.
const maxTools = 512;

const toolName = z.string().regex(/^[\w.:-]{1,128}$/, "must be 1 to 128 letters, digits and `_`, `-`, `.` or `:`");

const calledDirectly = {
  defer_loading: unsupported("tools are not loaded on demand: leave defer_loading out", z.literal(false)),
  allowed_callers: unsupported(
    'only the model calls tools: leave allowed_callers out, or set it to ["direct"]',
    z.tuple([z.literal("direct")]),
  ),
};

const functionTool = z.object({
  type: z.literal("function"),
  name: toolName,
  description: text,
  parameters: unsettable(jsonObject),
  strict: flag,
  ...calledDirectly,
});

const customTool = z.object({
  type: z.literal("custom"),
  name: toolName,
  description: text,
  format: unsettable(
    z.discriminatedUnion("type", [
      z.object({ type: z.literal("text") }),
      z.object({ type: z.literal("grammar"), syntax: z.enum(["lark", "regex"]), definition: z.string().max(100_000) }),
    ]),
  ),
  ...calledDirectly,
});

const localShell = z.object({ type: z.literal("local_shell") });

const namespace = z.object({
  type: z.literal("namespace"),
  name: toolName,
  description: text,
  tools: arrayOf(z.discriminatedUnion("type", [functionTool, customTool]), { max: maxTools }),
});

/**
 * What Codex offers in each of its requests, beside its functions, whether or not the model can use it. It is known by
 * the field that Codex always gives; whoever names such a tool without that field wants it, and is refused.
 */
const offered = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("web_search"), external_web_access: flag }),
  z.looseObject({ type: z.literal("tool_search"), execution: text }),
]);

const hosted = "hosted tools are not served: give the model a function that does it";
const unservedTools = {
  web_search_2025_08_26: hosted,
  web_search_preview: hosted,
  web_search_preview_2025_03_11: hosted,
  image_generation: hosted,
  file_search: hosted,
  code_interpreter: hosted,
  computer: hosted,
  computer_use_preview: hosted,
  mcp: hosted,
  programmatic_tool_calling: hosted,
  shell: "shell is not served: use local_shell, or a function tool",
  apply_patch: "apply_patch is not served: use a custom or a function tool",
};

const tool = variants([functionTool, customTool, localShell, namespace, ...offered.options], unservedTools);

export const toolsSchema = unsettable(arrayOf(tool, { max: maxTools }));

const named = z.object({ type: z.enum(["function", "custom"]), name: z.string().min(1), namespace: text });
const unservedChoices = { ...unservedTools, web_search: hosted };
const shellChoice = z.object({ type: z.literal("local_shell") });

export const toolChoiceSchema = unsettable(
  z.union([
    z.enum(["none", "auto", "required"]),
    variants(
      [
        named,
        shellChoice,
        z.object({
          type: z.literal("allowed_tools"),
          mode: unsettable(z.enum(["auto", "required"])),
          tools: arrayOf(variants([named, shellChoice], unservedChoices), { min: 1, max: maxTools }),
        }),
      ],
      unservedChoices,
    ),
  ]),
);

export type ResponseTools = z.infer<typeof toolsSchema>;

export type FunctionTool = z.infer<typeof functionTool>;
export type CustomTool = z.infer<typeof customTool>;
export type ResponseToolChoice = z.infer<typeof toolChoiceSchema>;
export type NamedChoice = z.infer<typeof named> | z.infer<typeof shellChoice>;
