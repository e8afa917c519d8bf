import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ErrorReason } from "../../clients/errors.ts";
import { modelSettingsSchema } from "../../settings/settings.ts";
import type { Engine } from "../../services/engine/engine.ts";
import { createLlamaEngine } from "../../services/engine/llama/create-llama-engine.ts";
import { answer, greedy, job } from "../support/engine-job.ts";
import { cosine } from "../support/cosine.ts";
import { readGolden, tinyGuidePath } from "../support/tiny-guide.ts";

let engine: Engine;
const tokens = (text: string) => engine.tokenize(text, { addSpecial: true, parseSpecial: true });
const chat = (text: string) => tokens(`<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n`);
const idle = () => engine.stats().busySlots === 0;

beforeAll(async () => {
  const settings = modelSettingsSchema.parse({ model: tinyGuidePath, model_alias: "tiny", n_ctx: 1024, n_slots: 4 });
  engine = await createLlamaEngine(settings, { onProgress: () => {}, log: () => {} });
});
afterAll(() => engine.close());

/** Resolves after a step in which `condition` holds. */
function until(condition: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = engine.onStats(() => {
      if (!condition()) return;
      stop();
      resolve();
    });
    if (condition()) {
      stop();
      resolve();
    }
  });
}

describe("answers", () => {
  test("equal the golden ones, many at once", async () => {
    await Promise.all(
      readGolden().map(async (row) => {
        const prompt = await tokens(row.kind === "chat" ? row.prompt : row.request.prompt);
        const { texts, finished } = await answer(engine, job(prompt, { maxTokens: row.request.max_tokens }));
        expect(texts[0]).toBe(row.kind === "chat" ? row.raw : row.answer);
        if (row.kind !== "chat") return;
        expect(finished[0]?.completionTokens).toBe(row.usage.completion_tokens);
        expect(prompt.length).toBe(row.usage.prompt_tokens);
      }),
    );
    expect(idle()).toBe(true);
  });

  test("share decode steps", async () => {
    const before = engine.stats();
    const prompt = await tokens("Once upon a time");
    const many = Array.from({ length: 4 }, () => answer(engine, job(prompt, { maxTokens: 100, ignoreEos: true })));
    await Promise.all(many);
    const after = engine.stats();
    const mean = (after.decodedSequences - before.decodedSequences) / (after.decodeSteps - before.decodeSteps);
    expect(mean).toBeGreaterThan(3.8);
  });

  test("end at max_tokens with length", async () => {
    const { finished } = await answer(engine, job(await tokens("Once upon a time"), { maxTokens: 7 }));
    expect(finished).toMatchObject([{ reason: "length", completionTokens: 7 }]);
  });

  test("end at a stop text, which is not part of them", async () => {
    const { texts, finished } = await answer(engine, job(await chat("Hello!"), { stop: ["nothing", "help you"] }));
    expect(texts).toEqual(["Hello! How can I "]);
    expect(finished).toMatchObject([{ reason: "stop", stopSequence: "help you" }]);
  });

  test("end with length when the context is full", async () => {
    const prompt = new Int32Array(1000).fill((await tokens("a"))[0] ?? 0);
    const { finished } = await answer(engine, job(prompt, { maxTokens: undefined, ignoreEos: true }));
    expect(finished).toMatchObject([{ reason: "length", completionTokens: 25 }]);
  });

  test("come in whole characters", async () => {
    const { events } = await answer(engine, job(await chat("こんにちは")));
    const pieces = events.filter((event) => event.type === "text").map(({ text }) => text);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces.join("")).not.toContain("\uFFFD");
  });
});

describe("the prefix cache", () => {
  test("keeps what a new prompt shares with an old one", async () => {
    const prompt = await chat("What is the capital of France?");
    await answer(engine, job(prompt));
    const again = await answer(engine, job(prompt));
    expect(again.cachedTokens).toBe(prompt.length - 1);
  });

  test("gives the same answer as none", async () => {
    const prompt = await chat("What is the capital of Japan?");
    const fresh = await answer(engine, job(prompt, { cachePrompt: false }));
    const cached = await answer(engine, job(prompt));
    expect(fresh.cachedTokens).toBe(0);
    expect(cached.texts).toEqual(fresh.texts);
  });

  test("copies a long shared prefix from a running sequence", async () => {
    const system = "You are a helpful guide who knows every city, every river, every bridge and every tower. ".repeat(
      4,
    );
    const prompt = (text: string) =>
      tokens(`<|im_start|>system\n${system}<|im_end|>\n<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n`);
    const control = new AbortController();
    const first = engine.generate(job(await prompt("Hello!"), { ignoreEos: true, maxTokens: 500 }), control.signal);
    const reader = first[Symbol.asyncIterator]();
    await reader.next();
    await reader.next();
    const second = await answer(engine, job(await prompt("Who are you?"), { maxTokens: 5 }));
    expect(second.cachedTokens).toBeGreaterThan(32);
    await reader.return?.();
    control.abort();
  });
});

describe("choices", () => {
  test("prefill once and draw with seeds of their own", async () => {
    const sampling = { ...greedy, temperature: 1.5, seed: 3 };
    const prompt = await chat("Tell me a story.");
    const before = engine.stats().promptTokens;
    const { texts } = await answer(engine, job(prompt, { choices: 3, sampling, maxTokens: 30 }));
    expect(engine.stats().promptTokens - before).toBe(prompt.length);
    expect(new Set(texts).size).toBe(3);
  });

  test("are the same again with the same seed", async () => {
    const sampling = { ...greedy, temperature: 1, seed: 5 };
    const run = async () =>
      (await answer(engine, job(await chat("Tell me a story."), { sampling, maxTokens: 30 }))).texts;
    expect(await run()).toEqual(await run());
  });
});

describe("log-probabilities", () => {
  test("come with each token, and the taken one is the likeliest at temperature 0", async () => {
    const { events, texts } = await answer(engine, job(await chat("Hello!"), { topLogprobs: 3 }));
    const logprobs = events.flatMap((event) => (event.type === "text" ? event.logprobs : []));
    expect(Buffer.concat(logprobs.map(({ token }) => token.bytes)).toString()).toBe(texts[0]);
    for (const { token, top } of logprobs) {
      expect(top).toHaveLength(3);
      expect(top[0]?.id).toBe(token.id);
      expect(token.logprob).toBeLessThanOrEqual(0);
      expect(top.reduce((sum, { logprob }) => sum + Math.exp(logprob), 0)).toBeLessThanOrEqual(1.0001);
    }
  });

  test("leave out what a stop text swallowed", async () => {
    const { events } = await answer(engine, job(await chat("Hello!"), { stop: [" can"], topLogprobs: 0 }));
    const logprobs = events.flatMap((event) => (event.type === "text" ? event.logprobs : []));
    expect(Buffer.concat(logprobs.map(({ token }) => token.bytes)).toString()).toBe("Hello! How");
  });
});

describe("scores", () => {
  const signal = new AbortController().signal;

  test("of a greedy answer are its log-probabilities", async () => {
    const prompt = await chat("What is the capital of France?");
    const { events } = await answer(engine, job(prompt, { topLogprobs: 1 }));
    const generated = events.flatMap((event) => (event.type === "text" ? event.logprobs : []));
    const tokens = Int32Array.of(...prompt, ...generated.map(({ token }) => token.id));
    const scores = await engine.score({ tokens, top: 1 }, signal);
    expect(scores).toHaveLength(tokens.length);
    expect(scores[0]).toBeUndefined();
    generated.forEach(({ token }, index) => {
      const score = scores[prompt.length + index];
      expect(score?.token.id).toBe(token.id);
      expect(score?.top[0]?.id).toBe(token.id);
      expect(score?.token.logprob).toBeCloseTo(token.logprob, 1);
    });
  });

  test("of long texts and of several at once do not mix", async () => {
    const texts = await Promise.all([tokens("Once upon a time there was a fox. ".repeat(20)), tokens("Hello!")]);
    const [long, short] = await Promise.all(texts.map((text) => engine.score({ tokens: text, top: 0 }, signal)));
    expect([long?.length, short?.length]).toEqual(texts.map(({ length }) => length));
    expect(await engine.score({ tokens: texts[1] as Int32Array, top: 0 }, signal)).toEqual(short);
  });

  test("end when nobody waits for them", async () => {
    const run = engine.score({ tokens: await tokens("Hello!"), top: 0 }, AbortSignal.abort(new Error("left")));
    await expect(run).rejects.toThrow("left");
  });
});

describe("reasoning", () => {
  const asked = () =>
    tokens(
      "<|im_start|>system\nThink before you answer.<|im_end|>\n<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n",
    );
  const reasoning = async (budget: number) => ({
    budget,
    start: "<think>",
    end: "</think>",
    open: false,
    endTokens: [...(await tokens("\n</think>\n\n"))],
  });

  test("is ended after its budget, and the answer follows", async () => {
    const { texts } = await answer(engine, job(await asked(), { reasoning: await reasoning(4) }));
    const [, reasoned = "", rest] = /^<think>\n(.*)\n<\/think>\n\n(.+)$/s.exec(texts[0] ?? "") ?? [];
    expect((await tokens(reasoned)).length).toBeLessThanOrEqual(4);
    expect(rest).toBeTruthy();
  });

  test("is not touched below its budget", async () => {
    const free = await answer(engine, job(await asked()));
    const bounded = await answer(engine, job(await asked(), { reasoning: await reasoning(200) }));
    expect(bounded.texts).toEqual(free.texts);
  });
});

describe("constraints", () => {
  test("a grammar is obeyed", async () => {
    const grammar = { gbnf: 'root ::= "{" [a-z]{1,5} "}"' };
    const sampling = { ...greedy, temperature: 2 };
    const { texts, finished } = await answer(engine, job(await chat("Hello!"), { grammar, sampling, maxTokens: 40 }));
    expect(texts[0]).toMatch(/^\{[a-z]{1,5}\}$/);
    expect(finished[0]?.reason).toBe("stop");
  });

  test("a grammar that cannot be parsed is refused before any token", async () => {
    const run = answer(engine, job(await chat("Hello!"), { grammar: { gbnf: "root ::= missing" } }));
    await expect(run).rejects.toMatchObject({ reason: ErrorReason.INVALID_PARAMETER, param: "grammar" });
  });

  test("a grammar and a bias that exclude each other end in an error, not in the process", async () => {
    const forbidden = Array.from({ length: engine.info.vocabularySize }, (_, token) => ({ token, bias: -Infinity }));
    const sampling = { ...greedy, logitBias: forbidden };
    const run = answer(engine, job(await chat("Hello!"), { grammar: { gbnf: 'root ::= "yes"' }, sampling }));
    await expect(run).rejects.toMatchObject({ reason: ErrorReason.INVALID_PARAMETER });
    await until(idle);
  });

  test("a bias makes a token certain or impossible", async () => {
    const [hello = 0] = await tokens("Hello");
    const [never] = (
      await answer(
        engine,
        job(await chat("Hello!"), { sampling: { ...greedy, logitBias: [{ token: hello, bias: -100 }] } }),
      )
    ).texts;
    expect(never).not.toMatch(/^Hello/);
  });

  test("min_tokens keeps the model from ending", async () => {
    const { finished } = await answer(engine, job(await chat("Hello!"), { minTokens: 30, maxTokens: 40 }));
    expect(finished[0]?.completionTokens).toBeGreaterThanOrEqual(30);
  });

  test.each([
    ["repeat_penalty", { repeatPenalty: 1.8 }, "Once upon a time"],
    ["presence_penalty", { presencePenalty: 2 }, "Once upon a time"],
    ["frequency_penalty", { frequencyPenalty: 2 }, "Once upon a time"],
    ["dry", { dryMultiplier: 5, dryAllowedLength: 1 }, "1, 1, 1, 1, 1, 1, 1, 1,"],
  ])("%s changes what is taken", async (_, penalty, text) => {
    const prompt = await tokens(text);
    const run = async (sampling: typeof greedy) =>
      (await answer(engine, job(prompt, { sampling, maxTokens: 60, ignoreEos: true }))).texts[0];
    expect(await run({ ...greedy, ...penalty })).not.toBe(await run(greedy));
  });

  test.each([
    ["top_k 1", { topK: 1 }],
    ["top_p 0", { topP: 0 }],
    ["min_p 1", { minP: 1 }],
    ["top_n_sigma tiny", { topNSigma: 1e-3 }],
    ["typical_p tiny and top_k 1", { typicalP: 1, topK: 1 }],
  ])("%s leaves only the most likely token", async (_, truncation) => {
    const prompt = await chat("Tell me a story.");
    const hot = { ...greedy, temperature: 5, ...truncation };
    const [text] = (await answer(engine, job(prompt, { sampling: hot, maxTokens: 20 }))).texts;
    expect(text).toBe((await answer(engine, job(prompt, { maxTokens: 20 }))).texts[0]);
  });

  test.each([1, 2] as const)("mirostat %d draws", async (mirostat) => {
    const sampling = { ...greedy, temperature: 1, mirostat };
    const { finished } = await answer(engine, job(await chat("Tell me a story."), { sampling, maxTokens: 20 }));
    expect(finished[0]?.completionTokens).toBeGreaterThan(0);
  });
});

describe("the stream", () => {
  const endless = async () => job(await tokens("Once upon a time"), { ignoreEos: true, maxTokens: 900 });

  test("frees the slot when the consumer breaks", async () => {
    for await (const event of engine.generate(await endless(), new AbortController().signal))
      if (event.type === "text") break;
    await until(idle);
    expect(engine.stats().completionTokens).toBeGreaterThan(0);
  });

  test("throws the signal's reason while waiting, and frees the slot", async () => {
    const control = new AbortController();
    const reader = engine.generate(await endless(), control.signal)[Symbol.asyncIterator]();
    await reader.next();
    const reason = new Error("left");
    control.abort(reason);
    await expect(reader.next()).rejects.toBe(reason);
    await until(idle);
  });

  test("does nothing for a signal that is already aborted", async () => {
    const before = engine.stats();
    const run = answer(engine, await endless(), AbortSignal.abort(new Error("early")));
    await expect(run).rejects.toThrow("early");
    expect(engine.stats()).toEqual(before);
  });

  test("ends a run that still waits for a slot", async () => {
    const stop = new AbortController();
    const busy = await Promise.all(
      Array.from({ length: 4 }, async () => engine.generate(await endless(), stop.signal)[Symbol.asyncIterator]()),
    );
    await Promise.all(busy.map((reader) => reader.next()));
    const control = new AbortController();
    const waiting = answer(engine, await endless(), control.signal);
    await until(() => engine.stats().waiting === 1);
    control.abort(new Error("left"));
    await expect(waiting).rejects.toThrow("left");
    await until(() => engine.stats().waiting === 0);
    for (const reader of busy) await reader.return?.();
    await until(idle);
  });

  test("a slow reader holds back only itself", async () => {
    const slow = engine.generate(await endless(), new AbortController().signal)[Symbol.asyncIterator]();
    await slow.next();
    const { finished } = await answer(engine, await endless());
    expect(finished[0]?.completionTokens).toBe(900);
    // It stopped at its bound, and goes on when it is read again.
    const events = [];
    for (let next = await slow.next(); !next.done; next = await slow.next()) events.push(next.value);
    expect(events.at(-1)).toMatchObject({ type: "finished", completionTokens: 900 });
  });
});

describe("embeddings", () => {
  test("are the same alone and among others", async () => {
    const texts = ["Hello!", "What is the capital of France?", "one two three", "x"];
    const inputs = await Promise.all(texts.map(tokens));
    const signal = new AbortController().signal;
    const together = await engine.embed({ inputs, pooling: undefined }, signal);
    for (const [index, input] of inputs.entries()) {
      const [alone] = await engine.embed({ inputs: [input], pooling: undefined }, signal);
      expect(cosine(alone, together[index])).toBeGreaterThan(0.999);
    }
  });

  test("refuse an input longer than the model can take at once", async () => {
    const input = new Int32Array(5000).fill(300);
    const run = engine.embed({ inputs: [input], pooling: undefined }, new AbortController().signal);
    await expect(run).rejects.toMatchObject({ reason: ErrorReason.CONTEXT_LENGTH_EXCEEDED });
  });
});

test("a token outside the vocabulary is refused, not the end of the process", async () => {
  expect(() => engine.tokenBytes(1e9)).toThrow(RangeError);
  await expect(answer(engine, job(Int32Array.of(1e9)))).rejects.toThrow(RangeError);
});

test("sequence breakers keep a repetition from being penalised, for whoever asks for them again", async () => {
  const prompt = await engine.tokenize("one two three one two three one two", {
    addSpecial: true,
    parseSpecial: false,
  });
  const sampling = { ...greedy, dryMultiplier: 3, dryAllowedLength: 1 };
  const texts = async (breakers: readonly string[]) =>
    (await answer(engine, job(prompt, { maxTokens: 12, sampling: { ...sampling, drySequenceBreakers: breakers } })))
      .texts[0];
  const asked = Array.from({ length: 10 }, (_, i) => ["one", `breaker ${i}`]);
  const first = await Promise.all(asked.map(texts));
  expect(await Promise.all(asked.map(texts))).toEqual(first);
  expect(new Set(first).size).toBe(1);
});
