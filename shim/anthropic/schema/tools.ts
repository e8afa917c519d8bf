import { z } from "zod";
import { arrayOf, flag, jsonObject, text, unsettable, unsupported } from "../../dialect/request/fields.ts";
import { cacheControl } from "./blocks.ts";

// The number of other dialects; Claude Code with some MCP servers comes near it.
const maxTools = 512;

const toolName = z.string().regex(/^[\w.:-]{1,128}$/, "must be 1 to 128 letters, digits and `_`, `-`, `.` or `:`");

const tool = z.object({
  /** Tools of Anthropic's own have dated types, and no schema that a model here could follow. */
  type: unsupported(
    "tools of Anthropic's own are not served: describe a tool with name and input_schema",
    z.literal("custom"),
  ),
  name: toolName,
  description: text,
  input_schema: jsonObject,
  strict: flag,
  cache_control: cacheControl,
  input_examples: unsettable(arrayOf(jsonObject, { max: 100 })),
  eager_input_streaming: flag,
  defer_loading: unsupported("tools are not loaded on demand: leave defer_loading out", z.literal(false)),
  allowed_callers: unsupported(
    'only the model calls tools: leave allowed_callers out, or set it to ["direct"]',
    z.tuple([z.literal("direct")]),
  ),
});

export const toolsSchema = unsettable(arrayOf(tool, { max: maxTools }));

export const toolChoiceSchema = unsettable(
  z.discriminatedUnion("type", [
    z.object({ type: z.literal("auto"), disable_parallel_tool_use: flag }),
    z.object({ type: z.literal("any"), disable_parallel_tool_use: flag }),
    z.object({ type: z.literal("tool"), name: z.string().min(1), disable_parallel_tool_use: flag }),
    z.object({ type: z.literal("none") }),
  ]),
);

export type AnthropicTools = z.infer<typeof toolsSchema>;
export type AnthropicToolChoice = z.infer<typeof toolChoiceSchema>;
