import { expect } from "vitest";
import type { ContractServer } from "../contract-server.ts";
import { getWeather } from "../example-tools.ts";
import { llamaServerFragments, llamaServerProbed } from "./llama-server-probes.ts";
import { ollamaFragments } from "./ollama-probes.ts";

const user = (content: unknown) => ({ messages: [{ role: "user", content }] });
const part = (type: string) => user([{ type, [type]: {} }]);

/** What OpenAI's chat API has inside of its fields and this server has not: what it is, a request, the `param` named. */
export const nestedRefusals: readonly (readonly [string, object, string])[] = [
  ["video parts (`video_url`)", part("video_url"), "messages[0].content[0]"],
  [
    "images of an assistant (`image_url`)",
    { messages: [...user("a").messages, { role: "assistant", content: [{ type: "image_url", image_url: "x" }] }] },
    "messages[1].content[0]",
  ],
  ["file parts (`file`)", part("file"), "messages[0].content[0]"],
  [
    "cache breakpoints (`prompt_cache_breakpoint`)",
    user([{ type: "text", text: "a", prompt_cache_breakpoint: { mode: "explicit" } }]),
    "messages[0].content[0].prompt_cache_breakpoint",
  ],
  [
    "earlier audio answers (`audio` of an assistant's message)",
    { messages: [...user("a").messages, { role: "assistant", audio: { id: "audio_1" } }, ...user("b").messages] },
    "messages[1].audio",
  ],
  ["custom tools", { ...user("a"), tools: [{ type: "custom", custom: { name: "f" } }] }, "tools[0]"],
  [
    "the choice of a custom tool",
    { ...user("a"), tools: [getWeather], tool_choice: { type: "custom", custom: { name: "f" } } },
    "tool_choice",
  ],
];

/** Fails unless the request is refused as something that is known and not served. */
export async function expectUnsupported(
  server: ContractServer,
  { path, request, param }: { readonly path: string; readonly request: object; readonly param: string },
): Promise<void> {
  if (path.startsWith("/v1/messages")) {
    // Anthropic's errors have no place for the field: the message names it.
    const response = await server.send(path, request);
    expect(response.status).toBe(400);
    const { type, error } = (await response.json()) as { type: string; error: { type: string; message: string } };
    expect({ type, error }).toMatchObject({ type: "error", error: { type: "invalid_request_error" } });
    expect(error.message).toContain(param);
    return;
  }
  if (path.startsWith("/api/")) {
    // Ollama's errors are a sentence.
    const response = await server.send(path, request);
    expect([response.status, await response.json()]).toEqual([400, { error: expect.any(String) as string }]);
    return;
  }
  if (path === "/embed") {
    const response = await server.send(path, request);
    expect([response.status, await response.json()]).toMatchObject([400, { error_type: "validation" }]);
    return;
  }
  if (path in llamaServerProbed) {
    const response = await server.send(path, request);
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: 400, param } }]);
    return;
  }
  const refusal = await server.refusal(path, request);
  expect(refusal).toMatchObject({ status: 400, code: "unsupported_parameter", param });
}

/** Fails unless the answer's `warning` header says that the field, a path, has no effect. */
export async function expectNoEffectWarning(
  server: ContractServer,
  path: string,
  { request, field }: { readonly request: object; readonly field: string },
): Promise<void> {
  const response = await server.send(path, {
    ...request,
    ...(fragments[field] ?? ollamaFragments[field] ?? llamaServerFragments[field]),
  });
  expect(response.status).toBe(200);
  await response.text();
  expect(response.headers.get("warning")).toContain(`field \\"${field}\\" has no effect`);
}

/** How each field without an effect is sent. */
const fragments: Readonly<Record<string, object>> = {
  user: { user: "somebody" },
  truncation_direction: { truncation_direction: "left" },
  safety_identifier: { safety_identifier: "somebody" },
  metadata: { metadata: { a: "b", user_id: "somebody" } },
  user_profile_id: { user_profile_id: "somebody" },
  workspace_id: { workspace_id: "somewhere" },
  anthropic_version: { anthropic_version: "vertex-2023-10-16" },
  client_metadata: { client_metadata: { a: "b" } },
  max_tool_calls: { max_tool_calls: 3 },
  stream_options: { stream: true, stream_options: { include_obfuscation: true } },
  "text.format.description": {
    text: { format: { type: "json_schema", name: "a", schema: { enum: [1] }, description: "b" } },
  },
  parallel_tool_calls: { parallel_tool_calls: true },
  text: { text: { format: { type: "text" } } },
  truncation: { truncation: "auto" },
  cache_control: { cache_control: { type: "ephemeral" } },
  prompt_cache_key: { prompt_cache_key: "a" },
  guided_decoding_backend: { guided_decoding_backend: "outlines" },
  "structured_outputs.disable_fallback": { structured_outputs: { regex: "a", disable_fallback: true } },
  "structured_outputs.disable_any_whitespace": { structured_outputs: { regex: "a", disable_any_whitespace: true } },
  spaces_between_special_tokens: { spaces_between_special_tokens: true },
  priority: { priority: 1 },
  request_id: { request_id: "a" },
  "stream_options.include_obfuscation": { stream: true, stream_options: { include_obfuscation: true } },
  "response_format.json_schema.description": {
    response_format: { type: "json_schema", json_schema: { name: "a", schema: { enum: [1] }, description: "b" } },
  },
};
