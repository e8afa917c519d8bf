import type OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asking, type ContractServer, startContractServer } from "./contract/contract-server.ts";

let server: ContractServer;
beforeAll(async () => {
  server = await startContractServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const japan = { ...asking("What is the capital of Japan?"), temperature: 0 };

describe("chat", () => {
  test("logprobs are those of the text's own bytes, with the likeliest beside them", async () => {
    const { choices, usage } = await server.chat({
      ...asking("Repeat: naïve café 😀 東京"),
      temperature: 0,
      logprobs: true,
      top_logprobs: 3,
    });
    const content = choices[0]?.logprobs?.content ?? [];
    const text = Buffer.from(content.flatMap(({ bytes }) => bytes ?? [])).toString();
    expect(text).toBe(choices[0]?.message.content);
    // All but the end of the turn, which has no text.
    expect(content).toHaveLength(usage.completion_tokens - 1);
    for (const { token, logprob, top_logprobs: top } of content) {
      expect(top).toHaveLength(3);
      // The drawn token is the likeliest one at temperature 0.
      expect(top[0]).toMatchObject({ token, logprob });
      expect(top.map((candidate) => candidate.logprob)).toEqual(
        top.map((candidate) => candidate.logprob).toSorted((a, b) => b - a),
      );
      expect(top.reduce((sum, candidate) => sum + Math.exp(candidate.logprob), 0)).toBeLessThanOrEqual(1.0001);
    }
  });

  test("logprobs are the model's, whatever the sampling does", async () => {
    const plain = await firstLogprob({});
    const bent = { temperature: 2, top_k: 1, presence_penalty: 2, logit_bias: { 5: 100, 6: -100 } };
    const { token, logprob, top_logprobs: top } = await firstLogprob(bent);
    expect(top[0]?.logprob).toBeCloseTo(plain.top_logprobs[0]?.logprob ?? 0, 2);
    // What the bias forced is unlikely to the model itself.
    expect(token).not.toBe(plain.token);
    expect(logprob).toBeLessThan(-5);
  });

  test("logprobs without top_logprobs have no alternatives; none come unasked", async () => {
    expect((await firstLogprob({ top_logprobs: undefined })).top_logprobs).toEqual([]);
    expect((await server.chat({ ...japan, logprobs: false })).choices[0]?.logprobs).toBeNull();
    expect((await server.chat(japan)).choices[0]?.logprobs).toBeNull();
  });

  test("n_probs asks for them in llama.cpp's way", async () => {
    const { choices } = await server.chat({ ...japan, n_probs: 2 });
    expect(choices[0]?.logprobs?.content?.[0]?.top_logprobs).toHaveLength(2);
  });

  test("logprobs stream with the text they belong to", async () => {
    const request = { ...japan, logprobs: true, top_logprobs: 20 };
    const chunks = await server.chatStream(request);
    for (const { choices } of chunks) {
      const bytes = choices[0]?.logprobs?.content?.flatMap((token) => token.bytes ?? []) ?? [];
      expect(Buffer.from(bytes).toString()).toBe(choices[0]?.delta.content ?? "");
    }
    const whole = await server.chat(request);
    expect(chunks.flatMap(({ choices }) => choices[0]?.logprobs?.content ?? [])).toEqual(
      whole.choices[0]?.logprobs?.content,
    );
  });

  async function firstLogprob(fields: object): Promise<OpenAI.ChatCompletionTokenLogprob> {
    const { choices } = await server.chat({ ...japan, logprobs: true, top_logprobs: 5, max_tokens: 2, ...fields });
    const first = choices[0]?.logprobs?.content?.[0];
    if (first === undefined) throw new Error("no log-probabilities");
    return first;
  }
});

describe("completions", () => {
  const prompt = "Once upon a time";

  test("logprobs come with offsets that cut the text into its tokens", async () => {
    for (const echo of [false, true]) {
      const { text, logprobs } = await first({ prompt, max_tokens: 8, logprobs: 2, echo });
      const lengths = [logprobs?.token_logprobs, logprobs?.top_logprobs, logprobs?.text_offset].map(
        (list) => list?.length,
      );
      expect(lengths).toEqual(lengths.map(() => logprobs?.tokens?.length));
      const whole = echo ? text : prompt + text;
      const offsets = logprobs?.text_offset ?? [];
      expect(offsets.map((from, i) => whole.slice(from, offsets[i + 1]))).toEqual(logprobs?.tokens);
      expect(Object.keys(logprobs?.top_logprobs?.at(-1) ?? {}).length).toBeGreaterThanOrEqual(2);
    }
  });

  test("logprobs: 0 is the drawn tokens' own", async () => {
    const { logprobs } = await first({ prompt, max_tokens: 4, logprobs: 0 });
    expect(logprobs?.token_logprobs).toHaveLength(4);
    expect(logprobs?.top_logprobs?.map((top) => Object.keys(top))).toEqual(logprobs?.tokens?.map((token) => [token]));
  });

  test("echo measures a text as lm-eval does, without and with a token more", async () => {
    const context = "The capital of Japan is";
    const measure = async (continuation: string, max: number) => {
      const { text, logprobs, finish_reason } = await first({
        prompt: context + continuation,
        echo: true,
        max_tokens: max,
        logprobs: 1,
      });
      expect(finish_reason).toBe("length");
      expect(text.startsWith(context + continuation)).toBe(true);
      expect(logprobs?.token_logprobs?.[0]).toBeNull();
      expect(logprobs?.top_logprobs?.[0]).toBeNull();
      // lm-eval leaves the generated token away, and takes what begins at or behind the context's end.
      const end = max === 0 ? undefined : -1;
      const from = logprobs?.text_offset?.findIndex((offset) => offset >= context.length) ?? 0;
      return logprobs?.token_logprobs?.slice(from, end).reduce((sum, logprob) => sum + logprob, 0) ?? NaN;
    };
    const [likely, unlikely] = [await measure(" Tokyo", 0), await measure(" Paris", 0)];
    expect(likely).toBeGreaterThan(unlikely + 1);
    expect(await measure(" Tokyo", 1)).toBeCloseTo(likely, 2);
  });

  test("echo measures a text too where the model would end: its end token counts as the one generated", async () => {
    const text = "The capital of France is Paris. The Pacific Ocean is the largest ocean.";
    const ended = await first({ prompt: text, echo: true, max_tokens: 1, logprobs: 1 });
    const measured = await first({ prompt: text, echo: true, max_tokens: 0, logprobs: 1 });
    expect(ended).toMatchObject({ text, finish_reason: "stop" });
    expect(ended.logprobs?.tokens?.at(-1)).toBe("<|endoftext|>");
    expect(ended.logprobs?.tokens?.slice(0, -1)).toEqual(measured.logprobs?.tokens);
    const chunks = await server.completeStream({ prompt: text, max_tokens: 5, temperature: 0, logprobs: 1 });
    expect(chunks.flatMap(({ choices }) => choices[0]?.logprobs?.tokens ?? [])).toEqual(["<|endoftext|>"]);
  });

  test("the prompt's logprobs are those of drawing its tokens", async () => {
    const { text, logprobs } = await first({ prompt, max_tokens: 5, logprobs: 1 });
    const scored = await first({ prompt: prompt + text, max_tokens: 0, logprobs: 1, echo: true });
    const drawn = logprobs?.token_logprobs ?? [];
    const measured = scored.logprobs?.token_logprobs?.slice(-drawn.length) ?? [];
    for (const [i, logprob] of drawn.entries()) expect(measured[i]).toBeCloseTo(logprob, 1);
  });

  test("echo works for tokens, for several prompts and choices, and in streams", async () => {
    const { tokens } = (await (await server.send("/tokenize", { content: prompt })).json()) as { tokens: number[] };
    const { text, logprobs } = await first({ prompt: tokens, max_tokens: 0, logprobs: 1, echo: true });
    expect(text).toBe(prompt);
    expect(logprobs?.tokens?.join("")).toBe(prompt);
    // 1 is <|im_start|>: control tokens are echoed by their names, which the offsets count.
    const named = await first({ prompt: [1, ...tokens], max_tokens: 0, logprobs: 1, echo: true });
    expect(named.text).toBe(named.logprobs?.tokens?.join(""));
    expect(named.logprobs?.text_offset?.slice(0, 2)).toEqual([0, 12]);
    const { choices, usage } = await server.complete({
      prompt: ["a", "b c"],
      n: 2,
      echo: true,
      max_tokens: 0,
      logprobs: 1,
    });
    expect(choices.map((choice) => choice.text)).toEqual(["a", "a", "b c", "b c"]);
    expect(usage?.completion_tokens).toBe(0);
    const chunks = await server.completeStream({ prompt, max_tokens: 3, temperature: 0, logprobs: 1, echo: true });
    const streamed = chunks.flatMap((chunk) => chunk.choices[0]?.logprobs?.tokens ?? []);
    expect(streamed.join("")).toBe((await first({ prompt, max_tokens: 3, echo: true })).text);
  });

  async function first(request: object): Promise<OpenAI.CompletionChoice> {
    const { choices } = await server.complete({ temperature: 0, ...request });
    if (choices[0] === undefined) throw new Error("no choice");
    return choices[0];
  }
});
