import type OpenAI from "openai";
import { expect } from "vitest";
import type { ContractServer } from "../contract-server.ts";
import { getWeather } from "../example-tools.ts";
import { limitProbes } from "./limit-probes.ts";
import type { Generate, Probe } from "./probe.ts";
import { samplerParity } from "./sampler-parity.ts";

export const responsesPath = "/v1/responses";
export const inputTokensPath = "/v1/responses/input_tokens";

type Response = OpenAI.Responses.Response;

export const hello = { input: "Hello!", max_output_tokens: 24 };
const weatherTool = { type: "function", ...getWeather.function };
const weather = { input: "What is the weather in Paris?", temperature: 0, tools: [weatherTool] };
const twoCities = { ...weather, input: "What is the weather in Paris and in Tokyo?" };

async function ask(server: ContractServer, fields: object): Promise<Response> {
  const response = await server.send(responsesPath, { input: "Hello!", ...fields });
  expect(response.status, await response.clone().text()).toBe(200);
  return (await response.json()) as Response;
}

const get = async (server: ContractServer, path: string): Promise<unknown> =>
  (await fetch(`${server.tokenwire.url}${responsesPath}/${path}`)).json();

const countOf = async (server: ContractServer, fields: object): Promise<number> => {
  const response = await server.send(inputTokensPath, { input: "Hello!", ...fields });
  return ((await response.json()) as { input_tokens: number }).input_tokens;
};

const partsOf = ({ output }: Response) => output.flatMap((item) => (item.type === "message" ? item.content : []));
const textOf = (response: Response) =>
  partsOf(response)
    .map((part) => (part.type === "output_text" ? part.text : ""))
    .join("");
const callsOf = ({ output }: Response) => output.filter(({ type }) => type === "function_call").length;
const reasons = ({ output }: Response) => output.some(({ type }) => type === "reasoning");

/** Asks for a story as the probes of every dialect do; several answers are several requests here. */
export function responsesGenerate(server: ContractServer): Generate {
  return async ({ n = 1, seed, max_tokens = 24, ...fields }: { n?: number; seed?: number; max_tokens?: number }) => {
    const answers: Response[] = [];
    for (let choice = 0; choice < n; choice++) {
      const drawn = seed === undefined ? {} : { seed: seed + choice };
      const request = { input: "Tell me a short story.", reasoning: { effort: "none" }, max_output_tokens: max_tokens };
      answers.push(await ask(server, { ...request, ...fields, ...drawn }));
    }
    const usage = answers[0]?.usage;
    return {
      texts: answers.map(textOf),
      finishReasons: answers.map(({ status }) => (status === "incomplete" ? "length" : "stop")),
      usage: usage && {
        prompt_tokens: usage.input_tokens,
        completion_tokens: usage.output_tokens,
        total_tokens: usage.total_tokens,
        prompt_tokens_details: { cached_tokens: usage.input_tokens_details.cached_tokens },
      },
    };
  };
}

/** Fields of the prompt, which counting takes too. */
const promptProbes: readonly Probe[] = [
  {
    field: "input",
    seen: "a text, messages of all roles, calls with their outputs, reasoning and references; the answer is about them",
    async run(server) {
      const input = [
        { role: "user", content: [{ type: "input_text", text: "My name is Anna." }] },
        { type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: "A name." }] },
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "Nice to meet you, Anna!" }] },
        { role: "user", content: "What is my name?" },
      ];
      expect(textOf(await ask(server, { input, temperature: 0 }))).toContain("Anna");
    },
  },
  {
    field: "instructions",
    seen: "they are the system prompt",
    async run(server) {
      expect(await countOf(server, { instructions: "You are a friendly assistant." })).toBeGreaterThan(
        await countOf(server, {}),
      );
    },
  },
  {
    field: "previous_response_id",
    seen: "the answer knows what was said before",
    async run(server) {
      const { id } = await ask(server, { input: "My name is Anna.", temperature: 0 });
      const next = { input: "What is my name?", previous_response_id: id, temperature: 0 };
      expect(textOf(await ask(server, next))).toContain("Anna");
    },
  },
  {
    field: "tools",
    seen: "a call of the tool, with arguments by its schema",
    async run(server) {
      const { output } = await ask(server, weather);
      expect(output.at(-1)).toMatchObject({
        type: "function_call",
        name: "get_weather",
        arguments: '{"city": "Paris"}',
      });
    },
  },
  {
    field: "tool_choice",
    seen: "none: no call; required, a name and allowed_tools: a call where the model would answer",
    async run(server) {
      expect(callsOf(await ask(server, { ...weather, tool_choice: "none" }))).toBe(0);
      const name = { type: "function", name: "get_weather" };
      for (const tool_choice of ["required", name, { type: "allowed_tools", mode: "required", tools: [name] }])
        expect(
          callsOf(await ask(server, { ...weather, ...hello, max_output_tokens: 64, tool_choice })),
        ).toBeGreaterThan(0);
    },
  },
  {
    field: "reasoning",
    seen: "effort high: a reasoning item, none: no such item; summary auto: it is told as a summary",
    async run(server) {
      const asked = { temperature: 0, reasoning: { effort: "high", summary: "auto" } };
      const told = await ask(server, asked);
      expect(told.output[0]).toMatchObject({ type: "reasoning", summary: [{ type: "summary_text" }] });
      expect(reasons(await ask(server, { temperature: 0, reasoning: { effort: "none" } }))).toBe(false);
    },
  },
  {
    field: "chat_template_kwargs",
    seen: "enable_thinking switches the reasoning of the template",
    async run(server) {
      const thinking = (enable_thinking: boolean) =>
        ask(server, { temperature: 0, chat_template_kwargs: { enable_thinking } });
      expect([reasons(await thinking(true)), reasons(await thinking(false))]).toEqual([true, false]);
    },
  },
];

export const inputTokensProbes: readonly Probe[] = promptProbes.map((probe) => ({
  ...probe,
  seen: "as in /v1/responses",
}));

export const responseProbes: readonly Probe[] = [
  ...promptProbes,
  ...samplerParity(responsesGenerate),
  ...limitProbes
    .filter(({ field }) => ["cache_prompt", "stop"].includes(field))
    .map((probe) => ({ ...probe, run: (server: ContractServer) => probe.run(responsesGenerate(server)) })),
  {
    field: "parallel_tool_calls",
    seen: "two calls of one answer, and one with false",
    async run(server) {
      expect(callsOf(await ask(server, twoCities))).toBe(2);
      expect(callsOf(await ask(server, { ...twoCities, parallel_tool_calls: false }))).toBe(1);
    },
  },
  {
    field: "text",
    seen: "format json_schema and json_object give JSON at temperature 1",
    async run(server) {
      const draw = { temperature: 1, seed: 1, max_output_tokens: 80 };
      const schema = { type: "json_schema", name: "x", schema: { enum: [{ a: 1 }] } };
      expect(JSON.parse(textOf(await ask(server, { ...draw, text: { format: schema } })))).toEqual({ a: 1 });
      expect(textOf(await ask(server, { ...draw, text: { format: { type: "json_object" } } }))).toMatch(/^{/);
    },
  },
  {
    field: "truncation",
    seen: "auto: a conversation that does not fit is answered without its oldest turns; disabled: it is refused",
    async run(server) {
      const long = { role: "user", content: "word ".repeat(9_000) };
      const input = [long, long, { role: "user", content: "Hello!" }];
      expect(textOf(await ask(server, { input, temperature: 0, truncation: "auto" }))).toContain("Hello");
      const refusal = await server.refusal(responsesPath, { input, truncation: "disabled" });
      expect(refusal).toMatchObject({ status: 400, code: "context_length_exceeded", param: "input" });
    },
  },
  {
    field: "max_output_tokens",
    seen: "so many output tokens, and the status incomplete",
    async run(server) {
      const { status, incomplete_details, usage } = await ask(server, { max_output_tokens: 3 });
      expect([status, incomplete_details?.reason, usage?.output_tokens]).toEqual([
        "incomplete",
        "max_output_tokens",
        3,
      ]);
    },
  },
  {
    field: "include",
    seen: "message.output_text.logprobs: each token's log-probability; reasoning.encrypted_content: what can be sent back",
    async run(server) {
      const include = ["message.output_text.logprobs", "reasoning.encrypted_content"];
      const answer = await ask(server, { include, temperature: 0, reasoning: { effort: "high" } });
      const [part] = partsOf(answer);
      expect(part).toMatchObject({
        type: "output_text",
        logprobs: expect.arrayContaining([
          { token: expect.any(String), logprob: expect.any(Number), bytes: expect.any(Array), top_logprobs: [] },
        ]),
      });
      expect(answer.output[0]).toMatchObject({ type: "reasoning", encrypted_content: expect.any(String) });
    },
  },
  {
    field: "top_logprobs",
    seen: "so many likeliest tokens beside each, up to 20",
    async run(server) {
      const [part] = partsOf(await ask(server, { top_logprobs: 20, temperature: 0, reasoning: { effort: "none" } }));
      expect(part?.type === "output_text" && part.logprobs?.[0]?.top_logprobs?.length).toBe(20);
    },
  },
  {
    field: "stream",
    seen: "OpenAI's events, numbered, from response.created to response.completed, then [DONE]",
    async run(server) {
      const text = await (await server.send(responsesPath, { ...hello, stream: true })).text();
      const events = [...text.matchAll(/^data: (\{.*)$/gm)].map(
        ([, json = ""]) => JSON.parse(json) as { type: string; sequence_number: number },
      );
      expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
      expect([events[0]?.type, events.at(-1)?.type]).toEqual(["response.created", "response.completed"]);
      expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    },
  },
  {
    field: "store",
    seen: "the response can be read again, and with false it cannot",
    async run(server) {
      const { id } = await ask(server, hello);
      expect(await get(server, id)).toMatchObject({ id });
      const unkept = await ask(server, { ...hello, store: false });
      expect(await get(server, unkept.id)).toMatchObject({ error: { code: "not_found" } });
    },
  },
  {
    field: "background",
    seen: "the answer is the queued response, which is completed when it is read later",
    async run(server) {
      const { id, status } = await ask(server, { ...hello, background: true });
      expect(status).toBe("queued");
      await expect.poll(() => get(server, id), { timeout: 20_000 }).toMatchObject({ status: "completed" });
    },
  },
  {
    field: "metadata",
    seen: "it is kept with the response",
    async run(server) {
      const { id } = await ask(server, { ...hello, metadata: { a: "b" } });
      expect(await get(server, id)).toMatchObject({ metadata: { a: "b" } });
    },
  },
];
