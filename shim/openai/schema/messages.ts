import { z } from "zod";
import { arrayOf, text, unsettable, unsupported, variants } from "../../dialect/request/fields.ts";

// Beyond any conversation; they bound what checking a request may cost.
const maxMessages = 10_000;
const maxParts = 1_000;

const cacheBreakpoint = unsupported(
  "prompt_cache_breakpoint is not served: the longest common prefix is cached automatically",
);

const textPart = z.object({
  type: z.literal("text"),
  text: z.string(),
  prompt_cache_breakpoint: cacheBreakpoint,
});
const refusalPart = z.object({ type: z.literal("refusal"), refusal: z.string() });

const unservedParts = {
  image_url: "images are not served: send text parts",
  input_audio: "audio is not served: send text parts",
  file: "files are not served: send their text in a text part",
};

const textContent = z.union([z.string(), arrayOf(variants([textPart], unservedParts), { min: 1, max: maxParts })]);
const assistantContent = z.union([
  z.string(),
  arrayOf(variants([textPart, refusalPart], unservedParts), { min: 1, max: maxParts }),
]);

const functionCall = z.object({ name: z.string().min(1), arguments: z.string() });
const toolCall = z.object({
  id: z.string().min(1),
  // Several clients leave the type out when they send the history back.
  type: unsettable(z.literal("function")),
  function: functionCall,
});

const assistantMessage = z.object({
  role: z.literal("assistant"),
  content: unsettable(assistantContent),
  name: text,
  refusal: text,
  /** Earlier thinking, under the two names that clients send it back with. */
  reasoning_content: text,
  reasoning: text,
  tool_calls: unsettable(arrayOf(toolCall, { max: 128 })),
  function_call: unsettable(functionCall),
  audio: unsupported("audio is not served: this server takes and gives text"),
  /** SDKs send back what OpenAI sent: citations, which we never make. */
  annotations: unsupported("annotations are not served", z.array(z.unknown()).max(0)),
});

/** A chat message as OpenAI's clients send it; `developer` and `function` are the newest and the oldest roles. */
const messageSchema = z.discriminatedUnion("role", [
  z.object({ role: z.literal("system"), content: textContent, name: text }),
  z.object({ role: z.literal("developer"), content: textContent, name: text }),
  z.object({ role: z.literal("user"), content: textContent, name: text }),
  assistantMessage,
  z.object({
    role: z.literal("tool"),
    content: textContent,
    tool_call_id: z.string().min(1),
    name: text,
  }),
  z.object({ role: z.literal("function"), content: text, name: z.string().min(1) }),
]);

export const messagesSchema = arrayOf(messageSchema, { min: 1, max: maxMessages });

export type ChatMessage = z.infer<typeof messageSchema>;
export type AssistantMessage = z.infer<typeof assistantMessage>;
export type MessageContent = z.infer<typeof assistantContent>;
