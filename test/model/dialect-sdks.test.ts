import Anthropic from "@anthropic-ai/sdk";
import { betaTool } from "@anthropic-ai/sdk/helpers/beta/json-schema";
import OpenAI from "openai";
import { zodTextFormat } from "openai/helpers/zod";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";
import { getWeather } from "./contract/example-tools.ts";

let server: Tokenwire;
let openai: OpenAI;
let anthropic: Anthropic;
beforeAll(async () => {
  server = await startTokenwire({ args: ["--model_aliases", '{"claude-*": "tiny-guide", "gpt-*": "tiny-guide"}'] });
  openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "None", maxRetries: 0 });
  anthropic = new Anthropic({ baseURL: server.url, apiKey: "None", maxRetries: 0 });
});
afterAll(() => server[Symbol.asyncDispose]());

/** Whatever was asked, and however it ended: nobody's slot is taken. */
afterEach(() => slotsAreFree());

const patient = { timeout: 20_000 };
const slotsAreFree = () => expect.poll(() => server.metric("tokenwire_slots_busy"), patient).toBe(0);

const question = "What is the weather in Paris?";
const model = "claude-opus-5";
const weather = { name: "get_weather", description: getWeather.function.description };

describe("Anthropic's SDK", () => {
  const messages = [{ role: "user" as const, content: "Hello!" }];
  const greedy = { model, max_tokens: 64, temperature: 0, messages } as Anthropic.MessageCreateParamsNonStreaming;

  test("gets the same message whole and as a stream, by an alias", async () => {
    const whole = await anthropic.messages.create(greedy);
    const stream = anthropic.messages.stream(greedy);
    expect(await stream.finalText()).toBe("Hello! How can I help you today?");
    expect(whole).toMatchObject({ model: "tiny-guide", stop_reason: "end_turn" });
    expect((await stream.finalMessage()).content).toEqual(whole.content);
  });

  test("reads what is cached of the prompt, apart from what is new", async () => {
    const long = { ...greedy, system: "You are a friendly assistant. ".repeat(20) };
    await anthropic.messages.create(long);
    const { usage } = await anthropic.messages.create(long);
    const { input_tokens } = await anthropic.messages.countTokens({ model, messages, system: long.system });
    expect(usage.cache_read_input_tokens).toBeGreaterThan(100);
    expect(usage.input_tokens + (usage.cache_read_input_tokens ?? 0)).toBe(input_tokens);
  });

  test("the billing header of Claude Code leaves the prompt in the cache", async () => {
    const ask = (cch: string) => {
      const header = `x-anthropic-billing-header: cc_version=2.1.77; cc_entrypoint=cli; cch=${cch};`;
      const system = [header, "You are Claude Code. ".repeat(30)].map((text) => ({ type: "text" as const, text }));
      return anthropic.messages.create({ ...greedy, system });
    };
    await ask("00000");
    expect((await ask("12345")).usage.cache_read_input_tokens).toBeGreaterThan(100);
  });

  test("runs tools to their end", async () => {
    const run = { ...weather, inputSchema: getWeather.function.parameters } as unknown as Parameters<
      typeof betaTool
    >[0];
    const asked: unknown[] = [];
    const tool = betaTool({ ...run, run: (input) => (asked.push(input), "18 °C, sunny") });
    const runner = anthropic.beta.messages.toolRunner({
      ...greedy,
      messages: [{ role: "user", content: question }],
      tools: [tool],
      max_iterations: 3,
    });
    const last = await runner.runUntilDone();
    expect(asked).toEqual([{ city: "Paris" }]);
    expect(last.stop_reason).toBe("end_turn");
    expect(last.content).toMatchObject([{ type: "text" }]);
  });

  test("leaves a stream, and the slot is free", async () => {
    const stream = anthropic.messages.stream({
      ...greedy,
      max_tokens: 900,
      messages: [{ role: "user", content: "Tell me a story." }],
    });
    for await (const event of stream) if (event.type === "content_block_delta") break;
    await slotsAreFree();
  });
});

describe("OpenAI's SDK for Responses", () => {
  const greedy = { model: "gpt-5", input: "Hello!", temperature: 0 };

  test("gets the same response whole and as a stream, by an alias", async () => {
    const whole = await openai.responses.create(greedy);
    expect(whole).toMatchObject({
      model: "tiny-guide",
      status: "completed",
      output_text: "Hello! How can I help you today?",
    });
    const final = await openai.responses.stream(greedy).finalResponse();
    expect(final.output_text).toBe(whole.output_text);
    expect(final.usage?.output_tokens).toBe(whole.usage?.output_tokens);
  });

  test("parses an answer that follows a schema", async () => {
    const format = zodTextFormat(z.object({ city: z.enum(["Paris", "Rome"]) }), "place");
    const { output_parsed } = await openai.responses.parse({ ...greedy, text: { format } });
    expect(["Paris", "Rome"]).toContain(output_parsed?.city);
  });

  test("calls a tool and goes on from the response that called it", async () => {
    const tools = [
      {
        type: "function" as const,
        strict: true,
        ...getWeather.function,
        parameters: { ...getWeather.function.parameters },
      },
    ];
    const first = await openai.responses.create({ ...greedy, input: question, tools });
    const call = first.output.find((item) => item.type === "function_call");
    expect(JSON.parse(call?.arguments ?? "")).toEqual({ city: "Paris" });
    const output = { type: "function_call_output" as const, call_id: call?.call_id ?? "", output: "18 °C, sunny" };
    const second = await openai.responses.create({ ...greedy, previous_response_id: first.id, input: [output], tools });
    expect(second.output.at(-1)).toMatchObject({ type: "message" });
    expect(second.usage?.input_tokens).toBeGreaterThan(first.usage?.input_tokens ?? 0);
  });

  test("holds a custom tool's text to its grammar", async () => {
    const grammar = {
      type: "grammar" as const,
      syntax: "lark" as const,
      definition: 'start: "*** " WORD LF\nWORD: /[a-z]{1,5}/\n%import common.LF',
    };
    const tools = [{ type: "custom" as const, name: "patch", format: grammar }];
    const { output } = await openai.responses.create({
      ...greedy,
      reasoning: { effort: "none" },
      tools,
      tool_choice: { type: "custom", name: "patch" },
    });
    expect(output.at(-1)).toMatchObject({
      type: "custom_tool_call",
      name: "patch",
      input: expect.stringMatching(/^\*\*\* [a-z]{1,5}\n$/),
    });
  });

  test("cancels a response in the background, and the slot is free", async () => {
    const { id } = await openai.responses.create({
      ...greedy,
      input: "Tell me a story.",
      ignore_eos: true,
      background: true,
    } as OpenAI.Responses.ResponseCreateParamsNonStreaming);
    await expect.poll(async () => (await openai.responses.retrieve(id)).status, patient).toBe("in_progress");
    expect((await openai.responses.cancel(id)).status).toBe("cancelled");
    await slotsAreFree();
  });

  test("leaves a stream, and the slot is free", async () => {
    const stream = await openai.responses.create({
      ...greedy,
      input: "Tell me a story.",
      stream: true,
      max_output_tokens: 900,
    });
    for await (const event of stream) if (event.type === "response.output_text.delta") break;
    await slotsAreFree();
  });
});

test("the requests of Open Responses' compliance suite are answered in its shapes", async () => {
  const text = (role: string, content: string) => ({ type: "message", role, content });
  const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
  const tools = [{ type: "function", ...weather, parameters }];
  const suite: object[] = [
    { input: [text("user", "Say hello in exactly 3 words.")] },
    { input: [text("system", "You are a pirate."), text("user", "Say hello.")] },
    { input: [text("user", question)], tools },
    { input: [text("user", "My name is Alice."), text("assistant", "Hello Alice!"), text("user", "What is my name?")] },
  ];
  for (const body of suite) {
    for (const stream of [false, true]) {
      const response = await fetch(`${server.url}/v1/responses`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "gpt-5", temperature: 0, ...body, stream }),
      });
      expect(response.status).toBe(200);
      const events = [...(await response.text()).matchAll(/^(?:data: )?(\{.*)$/gm)].map(
        ([, json = ""]) => JSON.parse(json) as { response?: object },
      );
      const whole = events.at(-1)?.response ?? events.at(-1);
      expect(required.filter((field) => !(field in (whole ?? {})))).toEqual([]);
    }
  }
});

/** What `ResponseResource` of Open Responses requires. */
const required = [
  "id", "object", "created_at", "completed_at", "status", "incomplete_details", "model", "previous_response_id",
  "instructions", "output", "error", "tools", "tool_choice", "truncation", "parallel_tool_calls", "text", "top_p",
  "presence_penalty", "frequency_penalty", "top_logprobs", "temperature", "reasoning", "usage", "max_output_tokens",
  "max_tool_calls", "store", "background", "service_tier", "metadata", "safety_identifier", "prompt_cache_key",
]; // prettier-ignore
