import { z } from "zod";
import { flag, jsonObject, text, unsettable } from "./fields.ts";

const toolName = z.string().regex(/^[\w.:-]{1,128}$/, "must be 1 to 128 letters, digits and `_`, `-`, `.` or `:`");

const functionSchema = z.object({
  name: toolName,
  description: text,
  parameters: unsettable(jsonObject),
  strict: flag,
});

export const toolSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("function"), function: functionSchema }),
]);

const namedFunction = z.object({
  type: z.literal("function"),
  function: z.object({ name: z.string().min(1) }),
});

const allowedTools = z.object({
  type: z.literal("allowed_tools"),
  allowed_tools: z.object({
    mode: z.enum(["auto", "required"]),
    tools: z.array(namedFunction).min(1),
  }),
});

export const toolFields = {
  tools: unsettable(z.array(toolSchema).max(128)),
  tool_choice: unsettable(
    z.union([z.enum(["none", "auto", "required"]), z.discriminatedUnion("type", [namedFunction, allowedTools])]),
  ),
  parallel_tool_calls: flag,
  /** OpenAI's first form of tools; answered in its own form too. */
  functions: unsettable(
    z
      .array(z.object({ name: toolName, description: text, parameters: unsettable(jsonObject) }))
      .min(1)
      .max(128),
  ),
  function_call: unsettable(z.union([z.enum(["none", "auto"]), z.object({ name: z.string().min(1) })])),
};

export const toolFieldsSchema = z.object(toolFields);
export type ToolFields = z.infer<typeof toolFieldsSchema>;
