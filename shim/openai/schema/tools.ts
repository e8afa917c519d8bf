import { z } from "zod";
import { arrayOf, flag, jsonObject, text, unsettable, variants } from "../../dialect/request/fields.ts";

// OpenAI's number.
const maxTools = 128;

const toolName = z.string().regex(/^[\w.:-]{1,128}$/, "must be 1 to 128 letters, digits and `_`, `-`, `.` or `:`");

const functionSchema = z.object({
  name: toolName,
  description: text,
  parameters: unsettable(jsonObject),
  strict: flag,
});

const unservedTools = { custom: "custom tools are not served: describe a function tool" };

const toolSchema = variants([z.object({ type: z.literal("function"), function: functionSchema })], unservedTools);

export const toolsSchema = arrayOf(toolSchema, { max: maxTools });

const namedFunction = z.object({
  type: z.literal("function"),
  function: z.object({ name: z.string().min(1) }),
});

const allowedTools = z.object({
  type: z.literal("allowed_tools"),
  allowed_tools: z.object({
    mode: z.enum(["auto", "required"]),
    tools: arrayOf(namedFunction, { min: 1, max: maxTools }),
  }),
});

export const toolFields = {
  tools: unsettable(toolsSchema),
  tool_choice: unsettable(
    z.union([z.enum(["none", "auto", "required"]), variants([namedFunction, allowedTools], unservedTools)]),
  ),
  parallel_tool_calls: flag,
  /** OpenAI's first form of tools; answered in its own form too. */
  functions: unsettable(
    arrayOf(z.object({ name: toolName, description: text, parameters: unsettable(jsonObject) }), {
      min: 1,
      max: maxTools,
    }),
  ),
  function_call: unsettable(z.union([z.enum(["none", "auto"]), z.object({ name: z.string().min(1) })])),
};

export const toolFieldsSchema = z.object(toolFields);
export type ToolFields = z.infer<typeof toolFieldsSchema>;
