import { expect } from "vitest";
import { asking, chatPath, type ContractServer } from "../contract-server.ts";
import { getWeather } from "../example-tools.ts";
import type { Probe } from "./probe.ts";

const weather = { ...asking("What is the weather in Paris?"), temperature: 0, tools: [getWeather] };
const twoCities = { ...weather, ...asking("What is the weather in Paris and in Tokyo?") };
const hello = { ...asking("Hello!"), temperature: 0 };
const reasoning = { chat_template_kwargs: { enable_thinking: true } };

const firstOf = async (server: ContractServer, request: object) => (await server.chat({ ...request })).choices[0];
const callCount = async (server: ContractServer, request: object) =>
  (await firstOf(server, request))?.message.tool_calls?.length ?? 0;
const reasoningOf = async (server: ContractServer, request: object) =>
  (await firstOf(server, request))?.message.reasoning_content;

/** Fields of POST /v1/chat/completions alone. */
export const chatProbes: readonly Probe[] = [
  {
    field: "messages",
    seen: "all roles (system, developer, user, assistant, tool, function) and text parts; the answer is about them",
    async run(server) {
      const messages = [
        { role: "system", content: "You are a friendly assistant." },
        { role: "user", content: [{ type: "text", text: "My name is Anna." }] },
        { role: "assistant", content: "Nice to meet you, Anna!" },
        { role: "user", content: "What is my name?" },
      ];
      expect((await firstOf(server, { messages, temperature: 0 }))?.message.content).toContain("Anna");
      const odd = [{ role: "developer", content: "Be brief." }, ...hello.messages];
      expect((await firstOf(server, { messages: odd, temperature: 0 }))?.message.content).toBeTruthy();
    },
  },
  {
    field: "max_completion_tokens",
    seen: "so many completion tokens, and the finish reason length",
    async run(server) {
      const { choices, usage } = await server.chat({ ...hello, max_completion_tokens: 3 });
      expect([choices[0]?.finish_reason, usage.completion_tokens]).toEqual(["length", 3]);
    },
  },
  {
    field: "logprobs",
    seen: "each token of the answer with its log-probability and bytes",
    async run(server) {
      const content = (await firstOf(server, { ...hello, logprobs: true }))?.logprobs?.content ?? [];
      expect(content.map(({ token }) => token).join("")).toBe("Hello! How can I help you today?");
    },
  },
  {
    field: "top_logprobs",
    seen: "so many likeliest tokens beside each, up to 20",
    async run(server) {
      const choice = await firstOf(server, { ...hello, logprobs: true, top_logprobs: 20 });
      expect(choice?.logprobs?.content?.map(({ top_logprobs: top }) => top.length)).toContain(20);
    },
  },
  {
    field: "n_probs",
    seen: "log-probabilities with so many likeliest tokens",
    async run(server) {
      const choice = await firstOf(server, { ...hello, n_probs: 2 });
      expect(choice?.logprobs?.content?.[0]?.top_logprobs).toHaveLength(2);
    },
  },
  {
    field: "tools",
    seen: "the model calls the tool, with arguments of its schema",
    run: async (server) => expect(await callCount(server, weather)).toBe(1),
  },
  {
    field: "tool_choice",
    seen: "none: no call; required and a name: a call where the model would answer; allowed_tools",
    async run(server) {
      expect(await callCount(server, { ...weather, tool_choice: "none" })).toBe(0);
      const chat = { ...hello, tools: [getWeather], max_tokens: 300 };
      expect(await callCount(server, chat)).toBe(0);
      expect(await callCount(server, { ...chat, tool_choice: "required" })).toBeGreaterThan(0);
      const name = { type: "function", function: { name: "get_weather" } };
      expect(await callCount(server, { ...chat, tool_choice: name })).toBe(1);
      const allowed = { type: "allowed_tools", allowed_tools: { mode: "required", tools: [name] } };
      expect(await callCount(server, { ...chat, tool_choice: allowed })).toBeGreaterThan(0);
    },
  },
  {
    field: "parallel_tool_calls",
    seen: "false: one call where the model would make two",
    async run(server) {
      expect(await callCount(server, twoCities)).toBe(2);
      expect(await callCount(server, { ...twoCities, parallel_tool_calls: false })).toBe(1);
    },
  },
  {
    field: "functions",
    seen: "the call comes as function_call, with the finish reason function_call",
    async run(server) {
      const { tools: _, ...question } = weather;
      const choice = await firstOf(server, { ...question, functions: [getWeather.function] });
      expect(choice).toMatchObject({
        finish_reason: "function_call",
        message: { function_call: { name: "get_weather" } },
      });
    },
  },
  {
    field: "function_call",
    seen: "none: no call; a name: a call where the model would answer",
    async run(server) {
      const { tools: _, ...question } = weather;
      const functions = [getWeather.function];
      const none = await firstOf(server, { ...question, functions, function_call: "none" });
      expect(none?.message.function_call).toBeUndefined();
      const named = await firstOf(server, {
        ...hello,
        functions,
        function_call: { name: "get_weather" },
        max_tokens: 300,
      });
      expect(named?.message.function_call?.name).toBe("get_weather");
    },
  },
  {
    field: "reasoning_effort",
    seen: "an effort makes a model think whose template can say so, none keeps it from thinking",
    async run(server) {
      expect(await reasoningOf(server, { ...hello, reasoning_effort: "low" })).toBeTruthy();
      expect(await reasoningOf(server, { ...hello, reasoning_effort: "none" })).toBeUndefined();
    },
  },
  budgetProbe("reasoning_budget"),
  budgetProbe("thinking_budget_tokens"),
  {
    field: "chat_template",
    seen: "the model continues what the given Jinja writes; invalid Jinja is refused",
    async run(server) {
      const chat_template = "{{ messages[0].content }}";
      const choice = await firstOf(server, { ...asking("1, 2, 3, 4,"), temperature: 0, chat_template, max_tokens: 8 });
      expect(choice?.message.content).toContain("5, 6");
      expect(await server.refusal(chatPath, { ...hello, chat_template: "{% if %}" })).toMatchObject({
        param: "chat_template",
      });
    },
  },
  {
    field: "chat_template_kwargs",
    seen: "enable_thinking makes the model think",
    async run(server) {
      expect(await reasoningOf(server, { ...hello, ...reasoning })).toBeTruthy();
      expect(await reasoningOf(server, hello)).toBeUndefined();
    },
  },
];

function budgetProbe(field: string): Probe {
  return {
    field,
    seen: "the reasoning ends after so many tokens, and an answer follows; -1 sets no limit",
    async run(server) {
      const request = { ...hello, ...reasoning, max_tokens: 200 };
      const free = await server.chat(request);
      const tokens = free.usage.completion_tokens_details?.reasoning_tokens ?? 0;
      expect(tokens).toBeGreaterThan(15);
      const { choices, usage } = await server.chat({ ...request, [field]: 3 });
      // The tags count too.
      expect(usage.completion_tokens_details?.reasoning_tokens).toBeLessThan(10);
      expect(choices[0]?.message.content).toBeTruthy();
      expect((await server.chat({ ...request, [field]: -1 })).usage).toMatchObject({
        completion_tokens: free.usage.completion_tokens,
      });
    },
  };
}
