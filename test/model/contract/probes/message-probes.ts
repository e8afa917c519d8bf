import type Anthropic from "@anthropic-ai/sdk";
import { expect } from "vitest";
import type { ContractServer } from "../contract-server.ts";
import { getWeather } from "../example-tools.ts";
import { limitProbes } from "./limit-probes.ts";
import type { Generate, Probe } from "./probe.ts";
import { samplerParity } from "./sampler-parity.ts";

export const messagesPath = "/v1/messages";
export const countTokensPath = "/v1/messages/count_tokens";

export const message = { max_tokens: 24, messages: [{ role: "user", content: "Hello!" }] };

const weather = {
  ...message,
  max_tokens: 64,
  temperature: 0,
  messages: [{ role: "user", content: "What is the weather in Paris?" }],
  tools: [
    { name: "get_weather", description: getWeather.function.description, input_schema: getWeather.function.parameters },
  ],
};

async function ask(server: ContractServer, fields: object): Promise<Anthropic.Message> {
  const response = await server.send(messagesPath, { ...message, ...fields });
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as Anthropic.Message;
}

const countOf = async (server: ContractServer, fields: object): Promise<number> => {
  const { max_tokens: _, ...rest } = message;
  const response = await server.send(countTokensPath, { ...rest, ...fields });
  return ((await response.json()) as { input_tokens: number }).input_tokens;
};

const textOf = ({ content }: Anthropic.Message) =>
  content.map((block) => (block.type === "text" ? block.text : "")).join("");
const callsOf = ({ content }: Anthropic.Message) => content.filter(({ type }) => type === "tool_use").length;

/** Asks for a story as the probes of every dialect do; several answers are several requests here. */
export function messagesGenerate(server: ContractServer): Generate {
  const messages = [{ role: "user", content: "Tell me a short story." }];
  return async ({ n = 1, seed, ...fields }: { n?: number; seed?: number }) => {
    const answers: Anthropic.Message[] = [];
    for (let choice = 0; choice < n; choice++) {
      answers.push(await ask(server, { messages, ...fields, ...(seed !== undefined && { seed: seed + choice }) }));
    }
    const usage = answers[0]?.usage;
    return {
      texts: answers.map(textOf),
      finishReasons: answers.map(({ stop_reason }) => (stop_reason === "max_tokens" ? "length" : "stop")),
      usage: usage && {
        prompt_tokens: usage.input_tokens,
        completion_tokens: usage.output_tokens,
        total_tokens: usage.input_tokens + usage.output_tokens,
        prompt_tokens_details: { cached_tokens: usage.cache_read_input_tokens ?? 0 },
      },
    };
  };
}

const samplers: Probe[] = [
  ...samplerParity(messagesGenerate),
  ...limitProbes
    .filter(({ field }) => ["cache_prompt", "max_tokens"].includes(field))
    .map((probe) => ({ ...probe, run: (server: ContractServer) => probe.run(messagesGenerate(server)) })),
];

/** Fields of the prompt, which counting takes too. */
const promptProbes: readonly Probe[] = [
  {
    field: "messages",
    seen: "text, tool_use, tool_result and thinking blocks; an assistant's message at the end is continued",
    async run(server) {
      const messages = [
        { role: "user", content: [{ type: "text", text: "My name is Anna." }] },
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "A name.", signature: "" },
            { type: "text", text: "Nice to meet you, Anna!" },
          ],
        },
        { role: "user", content: "What is my name?" },
      ];
      expect(textOf(await ask(server, { messages, temperature: 0 }))).toContain("Anna");
      const begun = [...message.messages, { role: "assistant", content: "Hello! How" }];
      expect(textOf(await ask(server, { messages: begun, temperature: 0 }))).toBe(" can I help you today?");
    },
  },
  {
    field: "system",
    seen: "as text or blocks it is part of the prompt; Claude Code's billing header is not",
    async run(server) {
      const plain = await countOf(server, {});
      const text = "You are a friendly assistant.";
      const withSystem = await countOf(server, { system: text });
      expect(withSystem).toBeGreaterThan(plain);
      const header = { type: "text", text: "x-anthropic-billing-header: cc_version=1; cch=5;" };
      expect(await countOf(server, { system: [header, { type: "text", text }] })).toBe(withSystem);
    },
  },
  {
    field: "tools",
    seen: "a call of the tool, with input by its schema",
    async run(server) {
      const answer = await ask(server, weather);
      expect(answer.content.at(-1)).toMatchObject({ type: "tool_use", name: "get_weather", input: { city: "Paris" } });
      expect(answer.stop_reason).toBe("tool_use");
    },
  },
  {
    field: "tool_choice",
    seen: "none: no call; any and tool: a call where the model would answer; disable_parallel_tool_use: one call",
    async run(server) {
      expect(callsOf(await ask(server, { ...weather, tool_choice: { type: "none" } }))).toBe(0);
      for (const tool_choice of [{ type: "any" }, { type: "tool", name: "get_weather" }])
        expect(callsOf(await ask(server, { ...weather, messages: message.messages, tool_choice }))).toBeGreaterThan(0);
      const messages = [{ role: "user", content: "What is the weather in Paris and in Tokyo?" }];
      const several = { ...weather, messages, max_tokens: 128 };
      expect(callsOf(await ask(server, several))).toBe(2);
      const tool_choice = { type: "auto", disable_parallel_tool_use: true };
      expect(callsOf(await ask(server, { ...several, tool_choice }))).toBe(1);
    },
  },
  {
    field: "thinking",
    seen: "enabled: a thinking block within the budget; disabled or left out: none; display omitted: an empty one",
    async run(server) {
      const thinkingOf = async (thinking: object | undefined) => {
        const { content } = await ask(server, { max_tokens: 1_500, temperature: 0, ...(thinking && { thinking }) });
        return content.find((block) => block.type === "thinking")?.thinking;
      };
      const enabled = { type: "enabled", budget_tokens: 1_024 };
      expect(await thinkingOf(enabled)).toBeTruthy();
      expect(await thinkingOf({ ...enabled, display: "omitted" })).toBe("");
      for (const off of [undefined, { type: "disabled" }]) expect(await thinkingOf(off)).toBeUndefined();
    },
  },
  {
    field: "output_config",
    seen: "format: JSON of the schema, at temperature 1; effort reaches the template",
    async run(server) {
      const format = { type: "json_schema", schema: { enum: [{ a: 1 }] } };
      const output_config = { format, effort: "low" };
      expect(JSON.parse(textOf(await ask(server, { output_config, temperature: 1, max_tokens: 80 })))).toEqual({
        a: 1,
      });
    },
  },
  {
    field: "context_management",
    seen: "clear_thinking_20251015 takes the thinking of old turns out of the prompt",
    async run(server) {
      const turn = {
        role: "assistant",
        content: [
          { type: "thinking", thinking: "a ".repeat(40), signature: "" },
          { type: "text", text: "b" },
        ],
      };
      const messages = [...message.messages, turn, ...message.messages, turn, ...message.messages];
      const edits = (keep: unknown) => ({
        messages,
        context_management: { edits: [{ type: "clear_thinking_20251015", keep }] },
      });
      const kept = await countOf(server, edits("all"));
      expect(await countOf(server, edits({ type: "thinking_turns", value: 1 }))).toBeLessThanOrEqual(kept);
    },
  },
];

export const countTokensProbes: readonly Probe[] = [
  ...promptProbes
    .filter(({ field }) => field !== "output_config")
    .map((probe) => ({ ...probe, seen: "as in /v1/messages" })),
  {
    field: "output_config",
    seen: "it is taken as in /v1/messages; a format adds nothing to the prompt",
    run: async (server) => expect(await countOf(server, { output_config: { effort: "low" } })).toBeGreaterThan(1),
  },
];

export const messageProbes: readonly Probe[] = [
  ...promptProbes,
  ...samplers,
  {
    field: "stop_sequences",
    seen: "the text ends before it, and stop_sequence says which one it was",
    async run(server) {
      const answer = await ask(server, { temperature: 0, stop_sequences: ["~~", "help"] });
      expect(answer).toMatchObject({ stop_reason: "stop_sequence", stop_sequence: "help" });
      expect(textOf(answer)).toBe("Hello! How can I ");
    },
  },
  {
    field: "stream",
    seen: "Anthropic's events, from message_start to message_stop",
    async run(server) {
      const text = await (await server.send(messagesPath, { ...message, stream: true })).text();
      const names = [...text.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name);
      expect([names[0], names.at(-1)]).toEqual(["message_start", "message_stop"]);
    },
  },
  {
    field: "service_tier",
    seen: "auto and standard_only are the one tier there is",
    async run(server) {
      const { usage } = await ask(server, { service_tier: "standard_only" });
      expect(usage.service_tier).toBe("standard");
    },
  },
];
