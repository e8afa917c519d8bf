import { z } from "zod";
import { arrayOf, flag, jsonObject, text, unsettable, unsupported, variants } from "../../dialect/request/fields.ts";

// Beyond any conversation; they bound what checking a request may cost.
const maxBlocks = 1_000;
const maxMessages = 10_000;

/** Every prompt prefix is cached without being asked, so that a breakpoint asks for nothing that is missing. */
export const cacheControl = unsettable(
  z.object({ type: z.literal("ephemeral"), ttl: unsettable(z.enum(["5m", "1h"])) }),
);

const textBlock = z.object({
  type: z.literal("text"),
  text: z.string(),
  cache_control: cacheControl,
  citations: unsupported("citations are not served", z.array(z.unknown()).max(0)),
});

const imageBlock = z.object({
  type: z.literal("image"),
  source: variants(
    [
      z.object({ type: z.literal("base64"), media_type: z.string(), data: z.string() }),
      z.object({ type: z.literal("url"), url: z.string() }),
    ],
    { file: "files are not kept here: send the image itself, as base64" },
  ),
  cache_control: cacheControl,
});

const unservedBlocks = {
  document: "documents are not served: send their text in a text block",
  search_result: "search results are not served: send their text in a text block",
  container_upload: "containers are not served",
  server_tool_use: "tools of Anthropic's servers are not served",
  web_search_tool_result: "tools of Anthropic's servers are not served",
  web_fetch_tool_result: "tools of Anthropic's servers are not served",
  code_execution_tool_result: "tools of Anthropic's servers are not served",
};

const noImage = {
  ...unservedBlocks,
  image: "images are served in what the user says and in results of tools: send it there",
};
const textContent = z.union([z.string(), arrayOf(variants([textBlock], noImage), { max: maxBlocks })]);
const resultContent = z.union([
  z.string(),
  arrayOf(variants([textBlock, imageBlock], unservedBlocks), { max: maxBlocks }),
]);

const toolResult = z.object({
  type: z.literal("tool_result"),
  tool_use_id: z.string().min(1),
  content: unsettable(resultContent),
  is_error: flag,
  cache_control: cacheControl,
});

const toolUse = z.object({
  type: z.literal("tool_use"),
  id: z.string().min(1),
  name: z.string().min(1),
  input: jsonObject,
  cache_control: cacheControl,
  caller: unsettable(z.object({ type: z.literal("direct") })),
});

const thinking = z.object({ type: z.literal("thinking"), thinking: z.string(), signature: text });
const redactedThinking = z.object({ type: z.literal("redacted_thinking"), data: z.string() });

/** The system prompt. */
export const systemContent = textContent;

const userContent = z.union([
  z.string(),
  arrayOf(variants([textBlock, imageBlock, toolResult], unservedBlocks), { min: 1, max: maxBlocks }),
]);
const assistantContent = z.union([
  z.string(),
  arrayOf(variants([textBlock, toolUse, thinking, redactedThinking], noImage), { max: maxBlocks }),
]);

const message = z.discriminatedUnion("role", [
  z.object({ role: z.literal("user"), content: userContent }),
  z.object({ role: z.literal("assistant"), content: assistantContent }),
  z.object({ role: z.literal("system"), content: textContent }),
]);

export const messagesSchema = arrayOf(message, { min: 1, max: maxMessages });

export type AnthropicMessage = z.infer<typeof message>;
export type TextContent = z.infer<typeof textContent>;
export type ResultContent = z.infer<typeof resultContent>;
export type UserBlock = Exclude<z.infer<typeof userContent>, string>[number];
export type AssistantBlock = Exclude<z.infer<typeof assistantContent>, string>[number];
