import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { create, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import { type ChatRequestSchema, PromptEnd, Role } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { CompleteRequestSchema } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import {
  FinishReason,
  type Finished,
  GenerationOptionsSchema,
  type Started,
  TruncationSide,
} from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";

let tokenwire: Tokenwire;
beforeAll(async () => {
  tokenwire = await startTokenwire({ args: ["--n_threads", "1"] });
});
afterAll(() => tokenwire[Symbol.asyncDispose]());

type Options = MessageInitShape<typeof GenerationOptionsSchema>;
type ChatInit = Omit<Exclude<MessageInitShape<typeof ChatRequestSchema>, Message>, "options"> & { options?: Options };
type CompleteInit = Omit<Exclude<MessageInitShape<typeof CompleteRequestSchema>, Message>, "options"> & {
  options?: Options;
};

const said = (value: string, role: Role = Role.USER) => ({
  role,
  content: [{ part: { case: "text" as const, value } }],
});
const completing = (value: string) => ({ prompt: { kind: { case: "text" as const, value } } });

async function read(
  events: AsyncIterable<{ event: { case?: string | undefined; value?: unknown } }>,
): Promise<{ text: string; started?: Started; finished?: Finished }> {
  const answer: { text: string; started?: Started; finished?: Finished } = { text: "" };
  for await (const { event } of events) {
    if (event.case === "text") answer.text += (event.value as { text: string }).text;
    if (event.case === "started") answer.started = event.value as Started;
    if (event.case === "finished") answer.finished = event.value as Finished;
  }
  return answer;
}

const greedy = (options: Options = {}) => create(GenerationOptionsSchema, { temperature: 0, ...options });
const chat = ({ options, ...request }: ChatInit) =>
  read(tokenwire.client.inference.chat({ messages: [said("Hello!")], ...request, options: greedy(options) }));
const complete = ({ options, ...request }: CompleteInit) =>
  read(tokenwire.client.inference.complete({ ...request, options: greedy(options) }));

describe("an answer", () => {
  test("matches the pattern that is asked for, from beginning to end", async () => {
    const format = { format: { case: "regex" as const, value: String.raw`[A-Z]{3}-\d{4}(, [A-Z]{3}-\d{4}){2}` } };
    const { text, finished } = await chat({ responseFormat: format, options: { maxTokens: 60 } });
    expect(text).toMatch(/^[A-Z]{3}-\d{4}(, [A-Z]{3}-\d{4}){2}$/);
    expect(finished?.reason).toBe(FinishReason.STOP);
  });

  test("is one of the texts that are given", async () => {
    const choice = { format: { case: "choice" as const, value: { options: ["certainly not", "perhaps, 多分"] } } };
    expect(["certainly not", "perhaps, 多分"]).toContain((await chat({ responseFormat: choice })).text);
    expect(["certainly not", "perhaps, 多分"]).toContain(
      (await complete({ ...completing("Well, "), responseFormat: choice, options: { maxTokens: 30 } })).text,
    );
  });

  test("ends at a stop token, which is told and not shown", async () => {
    const whole = await complete({ ...completing("Once upon a time"), options: { maxTokens: 12, topLogprobs: 0 } });
    const { tokens } = await tokenwire.client.inference.tokenize({ text: whole.text });
    const stop = tokens[5] ?? 0;
    const before = await tokenwire.client.inference.detokenize({ tokens: tokens.slice(0, tokens.indexOf(stop)) });
    const options = { maxTokens: 12, stopTokenIds: [stop] };
    const cut = await complete({ ...completing("Once upon a time"), options });
    expect(cut).toMatchObject({ text: before.text, finished: { reason: FinishReason.STOP, stopToken: stop } });
    const shown = await complete({ ...completing("Once upon a time"), options: { ...options, includeStop: true } });
    const upTo = tokens.slice(0, tokens.indexOf(stop) + 1);
    expect(shown.text).toBe((await tokenwire.client.inference.detokenize({ tokens: upTo })).text);
    const least = await complete({ ...completing("Once upon a time"), options: { ...options, minTokens: 12 } });
    expect(least.text).toBe(whole.text);
  });

  test("shows its stop text where that is asked for, and what ends chats never", async () => {
    const [word = ""] = / \w+/.exec((await chat({})).text) ?? [];
    const plain = await chat({ options: { stop: [word] } });
    expect(plain.text).not.toContain(word);
    expect((await chat({ options: { stop: [word], includeStop: true } })).text).toBe(plain.text + word);
    expect((await chat({ options: { includeStop: true } })).text).toBe((await chat({})).text);
  });

  test("fills the context when it may have more tokens than that", async () => {
    const { finished } = await complete({ ...completing("Once"), options: { maxTokens: 5000, ignoreEos: true } });
    expect(finished).toMatchObject({
      reason: FinishReason.LENGTH,
      usage: { completionTokens: expect.any(Number) as number },
    });
    expect(finished?.usage?.completionTokens).toBeGreaterThan(1000);
  });

  test("goes on with the assistant's message, of which only the new part is told", async () => {
    const question = said("What is the capital of France?");
    const whole = (await chat({ messages: [question] })).text;
    const [begun = ""] = /^\S+ \S+/.exec(whole) ?? [];
    const messages = [question, said(begun, Role.ASSISTANT)];
    const going = await chat({ messages, promptEnd: PromptEnd.CONTINUE, options: { maxTokens: 40 } });
    expect(begun + going.text).toBe(whole);
    const again = await chat({ messages, options: { maxTokens: 40 } });
    expect(again.started?.promptTokens).toBeGreaterThan(going.started?.promptTokens ?? Infinity);
  });
});

describe("a prompt", () => {
  test("has log-probabilities of its tokens, chats too", async () => {
    const { tokens } = await tokenwire.client.inference.tokenize({ text: "Once upon a time" });
    for (const { started } of [
      await complete({ ...completing("Once upon a time"), options: { maxTokens: 1, promptLogprobs: 2 } }),
      await complete({ ...completing("Once upon a time"), options: { maxTokens: 0, promptLogprobs: 2 } }),
    ]) {
      expect(started?.promptLogprobs.map(({ token }) => token?.id)).toEqual(tokens);
      expect(started?.promptLogprobs.map(({ token }) => (token?.logprob ?? 1) <= 0)).toEqual([
        false,
        ...tokens.slice(1).map(() => true),
      ]);
      expect(started?.promptLogprobs.at(-1)?.top).toHaveLength(2);
    }
    const { started } = await chat({ options: { maxTokens: 1, promptLogprobs: 0 } });
    expect(started?.promptLogprobs).toHaveLength(started?.promptTokens ?? 0);
  });

  test("that is too long is cut where it may be", async () => {
    const text = "one two three four five six seven eight nine ten ".repeat(200);
    await expect(complete({ ...completing(text), options: { maxTokens: 1 } })).rejects.toThrow(
      /maximum context length/,
    );
    const { started } = await complete({
      ...completing(text),
      options: { maxTokens: 1, truncation: { maxTokens: 10 } },
    });
    expect(started?.promptTokens).toBe(10);
    const whole = await complete({ ...completing(text), options: { maxTokens: 1, truncation: {} } });
    expect(whole.started?.promptTokens).toBe(1023);
  });

  test("that is embedded is cut at its end, unless its beginning is meant", async () => {
    const text = (value: string) => ({ kind: { case: "text" as const, value } });
    const long = "one two three four five six seven eight nine ten ".repeat(200);
    const embed = async (value: string, truncation?: { maxTokens: number; side?: TruncationSide }) => {
      const { embeddings, promptTokens } = await tokenwire.client.inference.embed({
        inputs: [text(value)],
        ...(truncation && { truncation }),
      });
      return { values: embeddings[0]?.values, promptTokens };
    };
    await expect(embed(long)).rejects.toThrow(/maximum context length/);
    expect((await embed(long, { maxTokens: 0 })).promptTokens).toBeGreaterThan(500);
    const cut = await embed("one two three", { maxTokens: 1 });
    expect(cut).toEqual(await embed("one"));
    const end = await embed("one two three", { maxTokens: 1, side: TruncationSide.LEFT });
    expect(end).toMatchObject({ promptTokens: 1 });
    expect(end).not.toEqual(cut);
  });
});

describe("the engine's inside, as far as it is told", () => {
  test("progress comes after each step of a prompt, and only where it is asked for", async () => {
    const text = "one two three four five six seven eight nine ten ".repeat(15);
    const progress = async (reportProgress: boolean) => {
      const options = greedy({ maxTokens: 1, reportProgress, cachePrompt: false });
      const events = await Array.fromAsync(tokenwire.client.inference.complete({ ...completing(text), options }));
      return events.flatMap(({ event }) => (event.case === "progress" ? [event.value.processedTokens] : []));
    };
    const seen = await progress(true);
    const { tokens } = await tokenwire.client.inference.tokenize({ text });
    expect(seen.at(-1)).toBe(tokens.length);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(await progress(false)).toEqual([]);
  });

  test("a prompt runs in the slot it prefers, and the slots say what they hold", async () => {
    const { slots } = await tokenwire.client.inference.listSlots({});
    const last = slots.at(-1)?.id ?? -1;
    expect(slots.map(({ id }) => id)).toEqual(slots.map((_, index) => index));
    const { started } = await complete({ ...completing("Once upon a time"), options: { maxTokens: 4, slot: last } });
    expect(started?.slot).toBe(last);
    const after = (await tokenwire.client.inference.listSlots({})).slots.at(-1);
    expect(after).toMatchObject({ id: last, busy: false, promptTokens: 0 });
    expect(after?.tokens).toBeGreaterThan(4);
    const elsewhere = await complete({ ...completing("Once"), options: { maxTokens: 1, slot: 4_000_000_000 } });
    expect(elsewhere.finished?.reason).toBe(FinishReason.LENGTH);
  });

  test("an answer that takes too long ends once it has a line", async () => {
    const gbnf = { format: { case: "gbnf" as const, value: String.raw`root ::= "a\nb" [a-z]*` } };
    const options = { maxTokens: 50, maxDecodeMs: 0, ignoreEos: true };
    const { text, finished } = await complete({ ...completing("Once"), responseFormat: gbnf, options });
    expect(text).toMatch(/^a\n/);
    expect(text.length).toBeLessThan(10);
    expect(finished?.reason).toBe(FinishReason.LENGTH);
    const unbroken = { format: { case: "gbnf" as const, value: "root ::= [a-z]*" } };
    const whole = await complete({ ...completing("Once"), responseFormat: unbroken, options });
    expect(whole.finished?.usage?.completionTokens).toBe(50);
  });

  test("a model's file is described", async () => {
    const described = await tokenwire.client.inference.describeModel({});
    expect(described).toMatchObject({
      model: "tiny-guide",
      metadata: { "general.architecture": "llama" },
      eosToken: "<|im_end|>",
      reasons: true,
      fillsInMiddle: true,
    });
    expect(described.path).toMatch(/tiny-guide-q8_0\.gguf$/);
    expect(described.chatTemplates[""]).toContain("<|im_start|>");
    expect(Object.keys(described.metadata)).not.toContain("tokenizer.chat_template");
  });
});
