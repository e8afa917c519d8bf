import { z } from "zod";
import { arrayOf, text, unsettable, unsupported, variants } from "../../dialect/request/fields.ts";
import { imageDetails } from "../../dialect/request/media-parts.ts";

// Beyond any conversation; they bound what checking a request may cost.
const maxItems = 10_000;
const maxParts = 1_000;

const status = unsettable(z.enum(["in_progress", "completed", "incomplete"]));
/** Ids and states of items that are sent back: the items say all that matters themselves. */
const sentBack = { id: text, status };

const inputText = z.object({ type: z.literal("input_text"), text: z.string() });
const outputText = z.object({
  type: z.literal("output_text"),
  text: z.string(),
  // What was said about the text then is not part of it.
  annotations: z.unknown().optional(),
  logprobs: z.unknown().optional(),
});
const refusal = z.object({ type: z.literal("refusal"), refusal: z.string() });

const inputImage = z.object({
  type: z.literal("input_image"),
  image_url: z.string(),
  file_id: unsupported("files are not kept here: send the image itself, in a data: URL"),
  detail: unsettable(z.enum(imageDetails)),
});
const inputAudio = z.object({
  type: z.literal("input_audio"),
  input_audio: z.object({ data: z.string(), format: z.enum(["wav", "mp3", "flac"]) }),
});

const unservedParts = {
  input_file: "files are not served: send their text in an input_text part",
  input_video: "video is not served: send some of its frames as input_image parts",
};
const assistantUnserved = {
  ...unservedParts,
  input_image: "an assistant's message has no images: send them in the user's",
  input_audio: "an assistant's message has no audio: send it in the user's",
};

const parts = arrayOf(variants([inputText, inputImage, inputAudio], unservedParts), { max: maxParts });
const inputContent = z.union([z.string(), parts]);
const assistantContent = z.union([
  z.string(),
  arrayOf(variants([outputText, inputText, refusal], assistantUnserved), { max: maxParts }),
]);

const message = { ...sentBack, type: z.literal("message").optional(), phase: text };

const messageItem = z.discriminatedUnion("role", [
  z.object({ ...message, role: z.enum(["user", "system", "developer"]), content: inputContent }),
  z.object({ ...message, role: z.literal("assistant"), content: assistantContent }),
]);

const reasoningItem = z.object({
  ...sentBack,
  type: z.literal("reasoning"),
  summary: unsettable(arrayOf(z.object({ type: z.literal("summary_text"), text: z.string() }), { max: maxParts })),
  content: unsettable(arrayOf(z.object({ type: z.literal("reasoning_text"), text: z.string() }), { max: maxParts })),
  encrypted_content: text,
});

const call = { ...sentBack, call_id: z.string().min(1), name: z.string().min(1), namespace: text };
const output = { ...sentBack, call_id: z.string().min(1), output: inputContent };

const functionCall = z.object({ ...call, type: z.literal("function_call"), arguments: z.string() });
const functionCallOutput = z.object({ ...output, type: z.literal("function_call_output") });
const customToolCall = z.object({ ...call, type: z.literal("custom_tool_call"), input: z.string() });
const customToolCallOutput = z.object({ ...output, type: z.literal("custom_tool_call_output") });

/** What a local shell is to run. */
const shellAction = z.object({
  type: z.literal("exec"),
  command: arrayOf(z.string(), { max: maxParts }),
  env: unsettable(z.record(z.string(), z.string())),
  timeout_ms: unsettable(z.number()),
  user: text,
  working_directory: text,
});

const localShellCall = z.object({
  ...sentBack,
  type: z.literal("local_shell_call"),
  call_id: z.string().min(1),
  action: shellAction,
});
const localShellCallOutput = z.object({
  ...sentBack,
  type: z.literal("local_shell_call_output"),
  call_id: text,
  output: z.string(),
});

const itemReference = z.object({ type: z.literal("item_reference"), id: z.string().min(1) });

const hosted = "hosted tools are not served, so their items are not either: leave it out";
const unservedItems = {
  web_search_call: hosted,
  file_search_call: hosted,
  code_interpreter_call: hosted,
  image_generation_call: hosted,
  computer_call: hosted,
  computer_call_output: hosted,
  mcp_call: hosted,
  mcp_list_tools: hosted,
  mcp_approval_request: hosted,
  mcp_approval_response: hosted,
  tool_search_call: hosted,
  tool_search_output: hosted,
  shell_call: "shell_call is not served: use local_shell, or a function tool",
  shell_call_output: "shell_call_output is not served: use local_shell, or a function tool",
  apply_patch_call: "apply_patch_call is not served: use a custom or a function tool",
  apply_patch_call_output: "apply_patch_call_output is not served: use a custom or a function tool",
  compaction: "conversations are not compacted here: send their items",
};

const item = variants(
  [
    messageItem,
    reasoningItem,
    functionCall,
    functionCallOutput,
    customToolCall,
    customToolCallOutput,
    localShellCall,
    localShellCallOutput,
    itemReference,
  ],
  unservedItems,
);

export const inputSchema = unsettable(z.union([z.string(), arrayOf(item, { max: maxItems })]));

export type InputItem = z.infer<typeof item>;
export type MessageItem = z.infer<typeof messageItem>;
export type InputContent = z.infer<typeof inputContent>;
