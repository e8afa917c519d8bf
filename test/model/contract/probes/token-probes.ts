import { expect } from "vitest";
import type { ContractServer } from "../contract-server.ts";
import { modelWithBos } from "../probed-server.ts";
import { getWeather } from "../example-tools.ts";
import { modelProbe } from "./delivery-probes.ts";
import type { Probe } from "./probe.ts";

const text = "Once upon a time";
const inputTokensPath = "/v1/chat/completions/input_tokens";

const answerOf = async <T>(server: ContractServer, path: string, body: object): Promise<T> => {
  const response = await server.send(path, body);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
};
const tokensOf = async (server: ContractServer, body: object) =>
  (await answerOf<{ tokens: number[] }>(server, "/tokenize", { content: text, ...body })).tokens;

/** A field whose value decides what comes back. */
const decides = (
  path: string,
  field: string,
  seen: string,
  rest: { readonly on: object; readonly off: object },
): Probe => ({
  field,
  seen,
  async run(server) {
    expect(await answerOf(server, path, rest.on)).not.toEqual(await answerOf(server, path, rest.off));
  },
});

const budgetTemplate = "{{ messages[0].content }}{{ thinking_budget }}";
const chat = { messages: [{ role: "user", content: "Hello!" }] };

/** A field of chats that their prompt does not depend on. */
const callsProbe = (path: string): Probe => ({
  field: "parallel_tool_calls",
  seen: "checked: a wrong value is a 400; the prompt is the same",
  async run(server) {
    expect((await server.send(path, { ...chat, parallel_tool_calls: "no" })).status).toBe(400);
  },
});

/** The fields that the prompt of a chat depends on, seen by what an endpoint says of the prompt. */
export const promptProbes = (path: string): readonly Probe[] => [
  decides(path, "tools", "the prompt describes them", {
    on: { ...chat, tools: [getWeather] },
    off: chat,
  }),
  decides(path, "tool_choice", "none leaves the tools out", {
    on: { ...chat, tools: [getWeather], tool_choice: "none" },
    off: { ...chat, tools: [getWeather] },
  }),
  decides(path, "functions", "the prompt describes them, OpenAI's first form of tools", {
    on: { ...chat, functions: [getWeather.function] },
    off: chat,
  }),
  decides(path, "function_call", "none leaves the functions out", {
    on: { ...chat, functions: [getWeather.function], function_call: "none" },
    off: { ...chat, functions: [getWeather.function] },
  }),
  decides(path, "chat_template", "the prompt is this template's", {
    on: { ...chat, chat_template: "[{{ messages[0].content }}]" },
    off: chat,
  }),
  decides(path, "reasoning_effort", "an effort opens the reasoning", {
    on: { ...chat, reasoning_effort: "high" },
    off: chat,
  }),
  decides(path, "reasoning_budget", "a template reads it as thinking_budget", {
    on: { ...chat, chat_template: budgetTemplate, reasoning_budget: 512 },
    off: { ...chat, chat_template: budgetTemplate },
  }),
  decides(path, "thinking_budget_tokens", "a template reads it as thinking_budget", {
    on: { ...chat, chat_template: budgetTemplate, thinking_budget_tokens: 512 },
    off: { ...chat, chat_template: budgetTemplate },
  }),
  decides(path, "add_generation_prompt", "false leaves the model's turn closed", {
    on: { ...chat, add_generation_prompt: false },
    off: chat,
  }),
  decides(path, "continue_final_message", "the prompt ends with the last message", {
    on: { messages: [...chat.messages, { role: "assistant", content: "Hi" }], continue_final_message: true },
    off: { messages: [...chat.messages, { role: "assistant", content: "Hi" }] },
  }),
  decides(path, "chat_template_kwargs", "enable_thinking changes the prompt", {
    on: { ...chat, chat_template_kwargs: { enable_thinking: true } },
    off: chat,
  }),
];

/** The fields of the endpoints about tokens and templates, by path. */
export const tokenProbes: Readonly<Record<string, readonly Probe[]>> = {
  "/extras/tokenize": [
    modelProbe("/extras/tokenize", { input: text }),
    {
      field: "input",
      seen: "its tokens",
      run: async (server) =>
        expect(await answerOf(server, "/extras/tokenize", { input: text })).toEqual({
          tokens: await tokensOf(server, {}),
        }),
    },
  ],
  "/extras/tokenize/count": [
    modelProbe("/extras/tokenize/count", { input: text }),
    {
      field: "input",
      seen: "how many tokens it has",
      run: async (server) =>
        expect(await answerOf(server, "/extras/tokenize/count", { input: text })).toEqual({ count: 4 }),
    },
  ],
  "/extras/detokenize": [
    modelProbe("/extras/detokenize", { tokens: [28] }),
    {
      field: "tokens",
      seen: "their text, under the names of llama-server and vLLM",
      run: async (server) =>
        expect(await answerOf(server, "/extras/detokenize", { tokens: await tokensOf(server, {}) })).toEqual({ text }),
    },
  ],
  "/tokenize": [
    modelProbe("/tokenize", { content: text }),
    { field: "content", seen: "its tokens", run: async (server) => expect(await tokensOf(server, {})).toHaveLength(4) },
    decides("/tokenize", "parse_special", "false reads <|im_start|> as text", {
      on: { content: "<|im_start|>" },
      off: { content: "<|im_start|>", parse_special: false },
    }),
    decides("/tokenize", "add_special", "true adds the BOS of a model that has one", {
      on: { content: text, model: modelWithBos, add_special: true },
      off: { content: text, model: modelWithBos },
    }),
    {
      field: "prompt",
      seen: "vLLM's answer: tokens, their count, and how many the model takes",
      async run(server) {
        const answer = await answerOf<{ tokens: number[] }>(server, "/tokenize", { prompt: text });
        expect(answer).toEqual({ count: 4, max_model_len: 8_192, tokens: await tokensOf(server, {}) });
      },
    },
    {
      field: "messages",
      seen: "the tokens of the prompt that they become",
      async run(server) {
        const { count } = await answerOf<{ count: number }>(server, "/tokenize", chat);
        const { input_tokens } = await answerOf<{ input_tokens: number }>(server, inputTokensPath, chat);
        expect(count).toBe(input_tokens);
      },
    },
    ...promptProbes("/tokenize"),
    callsProbe("/tokenize"),
    decides("/tokenize", "add_special_tokens", "false leaves out the BOS of a model that has one", {
      on: { prompt: text, model: modelWithBos },
      off: { prompt: text, model: modelWithBos, add_special_tokens: false },
    }),
    decides("/tokenize", "return_token_strs", "each token's text beside them", {
      on: { prompt: text, return_token_strs: true },
      off: { prompt: text },
    }),
    decides("/tokenize", "with_pieces", "each token with its text", {
      on: { content: text, with_pieces: true },
      off: { content: text },
    }),
  ],
  "/detokenize": [
    modelProbe("/detokenize", { tokens: [28] }),
    {
      field: "tokens",
      seen: "their text, under the names of llama-server and vLLM",
      run: async (server) =>
        expect(await answerOf(server, "/detokenize", { tokens: await tokensOf(server, {}) })).toEqual({
          content: text,
          prompt: text,
        }),
    },
  ],
  [inputTokensPath]: [
    modelProbe(inputTokensPath, chat),
    {
      field: "messages",
      seen: "how many tokens the prompt has that they become",
      async run(server) {
        const { usage } = await server.chat({ ...chat, max_tokens: 1 });
        expect(await answerOf(server, inputTokensPath, chat)).toMatchObject({ input_tokens: usage.prompt_tokens });
      },
    },
    ...promptProbes(inputTokensPath),
    callsProbe(inputTokensPath),
  ],
  "/apply-template": [
    modelProbe("/apply-template", chat),
    {
      field: "messages",
      seen: "the prompt that they become",
      run: async (server) =>
        expect(await answerOf(server, "/apply-template", chat)).toEqual({
          prompt: "<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n",
        }),
    },
    ...promptProbes("/apply-template"),
  ],
};
