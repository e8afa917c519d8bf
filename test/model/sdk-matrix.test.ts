import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { HumanMessage, ToolMessage, type UsageMetadata } from "@langchain/core/messages";
import { tool as langchainTool } from "@langchain/core/tools";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { embedMany, generateText, isStepCount, jsonSchema, streamText, tool as vercelTool } from "ai";
import OpenAI from "openai";
import OpenAI4 from "openai4";
import OpenAI5 from "openai5";
import OpenAI6 from "openai6";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cosine } from "../support/cosine.ts";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";

/** The same four things, done as each SDK's users do them. */
interface Sdk {
  chat(question: string): Promise<{ text: string; promptTokens: number | undefined }>;
  stream(question: string): Promise<{ pieces: string[]; finishReason: string | undefined }>;
  /** Lets the model call `get_weather`, answers the call with `result`, and gives the call's arguments and the answer. */
  tools(question: string, result: string): Promise<{ called: unknown; text: string }>;
  embed(texts: string[]): Promise<number[][]>;
}

const model = "tiny-guide";
const apiKey = "none";
const weather = {
  name: "get_weather",
  description: "Get the current weather",
  parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
} as const;

let tokenwire: Tokenwire;
beforeAll(async () => {
  tokenwire = await startTokenwire();
});
afterAll(() => tokenwire[Symbol.asyncDispose]());

/** Majors differ in their types, not in what is used here. */
const majors = { openai4: OpenAI4, openai5: OpenAI5, openai6: OpenAI6, openai7: OpenAI } as unknown as Record<
  string,
  typeof OpenAI
>;

const sdks: Readonly<Record<string, (baseURL: string) => Sdk>> = {
  ...Object.fromEntries(
    Object.entries(majors).map(([name, Client]) => [name, (baseURL: string) => officialSdk(Client, baseURL)]),
  ),
  "Vercel AI SDK": vercelSdk,
  LangChain: langchainSdk,
};

describe.each(Object.entries(sdks))("%s", (_, create) => {
  const sdk = (): Sdk => create(`${tokenwire.url}/v1`);

  test("gets an answer and its usage", async () => {
    expect(await sdk().chat("What is the capital of Japan?")).toEqual({
      text: "The capital of Japan is Tokyo.",
      promptTokens: 15,
    });
  });

  test("streams an answer to its finish", async () => {
    const { pieces, finishReason } = await sdk().stream("What is the capital of Japan?");
    expect(pieces.join("")).toBe("The capital of Japan is Tokyo.");
    expect(pieces.length).toBeGreaterThan(3);
    expect(finishReason).toBe("stop");
  });

  test("calls a tool and answers from its result", async () => {
    const { called, text } = await sdk().tools("What is the weather in Paris?", '{"temperature": 21}');
    expect(called).toEqual({ city: "Paris" });
    expect(text).toContain("21");
  });

  test("embeds texts, alike ones alike", async () => {
    const [cat, again, japan] = await sdk().embed(["a cat", "a cat", "The capital of Japan"]);
    expect(cat).toHaveLength(192);
    expect(cosine(cat, again)).toBeGreaterThan(0.999);
    expect(cosine(cat, japan)).toBeLessThan(0.95);
  });
});

function officialSdk(Client: typeof OpenAI, baseURL: string): Sdk {
  const openai = new Client({ baseURL, apiKey, maxRetries: 0 });
  const tools = [{ type: "function" as const, function: weather }];
  const ask = (messages: OpenAI.ChatCompletionMessageParam[], rest = {}) =>
    openai.chat.completions.create({ model, temperature: 0, messages, ...rest });
  return {
    async chat(content) {
      const { choices, usage } = await ask([{ role: "user", content }]);
      return { text: choices[0]?.message.content ?? "", promptTokens: usage?.prompt_tokens };
    },
    async stream(content) {
      const messages = [{ role: "user" as const, content }];
      const stream = await openai.chat.completions.create({ model, temperature: 0, messages, stream: true });
      const pieces: string[] = [];
      let finishReason: string | undefined;
      for await (const { choices } of stream) {
        if (choices[0]?.delta.content) pieces.push(choices[0].delta.content);
        finishReason = choices[0]?.finish_reason ?? finishReason;
      }
      return { pieces, finishReason };
    },
    async tools(content, result) {
      const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: "user", content }];
      const first = (await ask(messages, { tools })).choices[0]?.message;
      const call = first?.tool_calls?.[0];
      if (first === undefined || call?.type !== "function") throw new Error("no call");
      messages.push(first, { role: "tool", tool_call_id: call.id, content: result });
      const { choices } = await ask(messages, { tools });
      return { called: JSON.parse(call.function.arguments), text: choices[0]?.message.content ?? "" };
    },
    async embed(input) {
      const { data } = await openai.embeddings.create({ model, input });
      return data.map(({ embedding }) => embedding);
    },
  };
}

function vercelSdk(baseURL: string): Sdk {
  const provider = createOpenAICompatible({ name: "tokenwire", baseURL, apiKey, includeUsage: true });
  const shared = { model: provider(model), temperature: 0, maxRetries: 0 };
  return {
    async chat(prompt) {
      const { text, usage } = await generateText({ ...shared, prompt });
      return { text, promptTokens: usage.inputTokens };
    },
    async stream(prompt) {
      const { textStream, finishReason } = streamText({ ...shared, prompt });
      return { pieces: await Array.fromAsync(textStream), finishReason: await finishReason };
    },
    async tools(prompt, result) {
      let called: unknown;
      const execute = (args: unknown): string => {
        called = args;
        return result;
      };
      const { description, parameters } = weather;
      const tools = {
        get_weather: vercelTool({ description, inputSchema: jsonSchema(parameters as object), execute }),
      };
      const { text } = await generateText({ ...shared, prompt, tools, stopWhen: isStepCount(2) });
      return { called, text };
    },
    async embed(values) {
      return (await embedMany({ model: provider.embeddingModel(model), values, maxRetries: 0 })).embeddings;
    },
  };
}

function langchainSdk(baseURL: string): Sdk {
  const options = { model, apiKey, maxRetries: 0, configuration: { baseURL } };
  const chat = new ChatOpenAI({ ...options, temperature: 0 });
  return {
    async chat(question) {
      const { text, usage_metadata: usage } = await chat.invoke(question);
      // Its type is lost in a generic one.
      return { text, promptTokens: (usage as UsageMetadata | undefined)?.input_tokens };
    },
    async stream(question) {
      const chunks = await Array.fromAsync(await chat.stream(question));
      return {
        pieces: chunks.map(({ text }) => text).filter((text) => text !== ""),
        finishReason: chunks.map((chunk) => chunk.response_metadata["finish_reason"] as string).find(Boolean),
      };
    },
    async tools(question, result) {
      const { name, description, parameters: schema } = weather;
      const bound = chat.bindTools([langchainTool(() => result, { name, description, schema })]);
      const answer = await bound.invoke(question);
      const [call] = answer.tool_calls ?? [];
      const { text } = await bound.invoke([
        new HumanMessage(question),
        answer,
        new ToolMessage({ content: result, tool_call_id: call?.id ?? "" }),
      ]);
      return { called: call?.args, text };
    },
    embed: (texts) => new OpenAIEmbeddings(options).embedDocuments(texts),
  };
}
