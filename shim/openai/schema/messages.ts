import { z } from "zod";
import { arrayOf, text, unsettable, unsupported, variants } from "../../dialect/request/fields.ts";
import { imageDetails } from "../../dialect/request/media-parts.ts";

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

/** A picture's URL, alone or with what is wanted of it. */
const imageUrl = z.union([z.string(), z.object({ url: z.string(), detail: unsettable(z.enum(imageDetails)) })]);
const imagePart = z.object({
  type: z.literal("image_url"),
  image_url: imageUrl,
  prompt_cache_breakpoint: cacheBreakpoint,
});
const audioPart = z.object({
  type: z.literal("input_audio"),
  input_audio: z.object({ data: z.string(), format: z.enum(["wav", "mp3", "flac"]) }),
  prompt_cache_breakpoint: cacheBreakpoint,
});

const video = "video is not served: send some of its frames as images";
const unservedParts = {
  file: "files are not served: send their text in a text part",
  video_url: video,
  input_video: video,
};
const assistantUnserved = {
  ...unservedParts,
  image_url: "an assistant's message has no images: send them in the user's",
  input_audio: "an assistant's message has no audio: send it in the user's",
};

const content = z.union([
  z.string(),
  arrayOf(variants([textPart, imagePart, audioPart], unservedParts), { min: 1, max: maxParts }),
]);
const assistantContent = z.union([
  z.string(),
  arrayOf(variants([textPart, refusalPart], assistantUnserved), { min: 1, max: maxParts }),
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
  audio: unsupported("audio is not made here: an assistant's message is text"),
  /** SDKs send back what OpenAI sent: citations, which we never make. */
  annotations: unsupported("annotations are not served", z.array(z.unknown()).max(0)),
});

/** A chat message as OpenAI's clients send it; `developer` and `function` are the newest and the oldest roles. */
const messageSchema = z.discriminatedUnion("role", [
  z.object({ role: z.literal("system"), content, name: text }),
  z.object({ role: z.literal("developer"), content, name: text }),
  z.object({ role: z.literal("user"), content, name: text }),
  assistantMessage,
  z.object({
    role: z.literal("tool"),
    content,
    tool_call_id: z.string().min(1),
    name: text,
  }),
  z.object({ role: z.literal("function"), content: text, name: z.string().min(1) }),
]);

export const messagesSchema = arrayOf(messageSchema, { min: 1, max: maxMessages });

export type ChatMessage = z.infer<typeof messageSchema>;
export type AssistantMessage = z.infer<typeof assistantMessage>;
export type MessageContent = z.infer<typeof content> | z.infer<typeof assistantContent>;
