import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import OpenAI, { APIError } from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Pooling } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";
import { cosine } from "../support/cosine.ts";
import { waitUntil } from "../support/wait-until.ts";
import { writeBert } from "../support/write-rerankers.ts";

/** tiny-guide's width. */
const width = 192;
const fox = "The quick brown fox jumps over the lazy dog. ";

let tokenwire: Tokenwire;
let openai: OpenAI;
beforeAll(async () => {
  tokenwire = await startTokenwire();
  openai = new OpenAI({ baseURL: `${tokenwire.url}/v1`, apiKey: "none", maxRetries: 0 });
});
afterAll(() => tokenwire[Symbol.asyncDispose]());

interface Answer {
  readonly data: readonly { readonly embedding: readonly number[] & readonly (readonly number[])[] }[];
  readonly usage: { readonly prompt_tokens: number };
  readonly error?: { readonly message: string; readonly param: string; readonly code: string };
}

async function post(body: object, { url, signal }: { url?: string; signal?: AbortSignal } = {}): Promise<Answer> {
  const response = await fetch(`${url ?? tokenwire.url}/v1/embeddings`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
  return (await response.json()) as Answer;
}

async function embed(input: unknown, more: object = {}): Promise<(readonly number[])[]> {
  return (await post({ input, ...more })).data.map(({ embedding }) => embedding);
}

async function tokenVectors(input: string): Promise<readonly (readonly number[])[]> {
  const { data } = await post({ input, pooling: "none", normalize: false });
  return data[0]?.embedding ?? [];
}

const copies = <T>(count: number, of: T): T[] => Array.from({ length: count }, () => of);
const lengthOf = (vector: readonly number[]): number => Math.hypot(...vector);

const mean = (rows: readonly (readonly number[])[]): number[] =>
  Array.from({ length: width }, (_, i) => rows.reduce((sum, row) => sum + (row[i] ?? 0), 0) / rows.length);

describe("a vector", () => {
  test("is the mean of its tokens' vectors where the model does not say how to pool, or the first, or the last", async () => {
    const rows = await tokenVectors(fox);
    const raw = { normalize: false };
    const [[byDefault], [first], [last]] = await Promise.all([
      embed(fox, raw),
      embed(fox, { ...raw, pooling: "cls" }),
      embed(fox, { ...raw, pooling: "last" }),
    ]);
    expect(cosine(byDefault, mean(rows))).toBeGreaterThan(0.999);
    expect(lengthOf(byDefault ?? [])).toBeCloseTo(lengthOf(mean(rows)), 1);
    expect(cosine(first, rows[0])).toBeGreaterThan(0.999);
    expect(cosine(last, rows.at(-1))).toBeGreaterThan(0.999);
  });

  test("has length 1, also of its first dimensions", async () => {
    const [whole = []] = await embed(fox);
    const [short = []] = await embed(fox, { dimensions: 16 });
    expect(whole).toHaveLength(width);
    expect(short).toHaveLength(16);
    expect([lengthOf(whole), lengthOf(short)].map((length) => length.toFixed(4))).toEqual(["1.0000", "1.0000"]);
    expect(cosine(short, whole.slice(0, 16))).toBeGreaterThan(0.999);
  });

  test("of a text is that of its tokens", async () => {
    const text = { model: "", text: fox, addSpecial: true, parseSpecial: false };
    const { tokens } = await tokenwire.client.inference.tokenize(text);
    const [ofText, ofTokens] = [await embed(fox), await embed([tokens])];
    expect(cosine(ofText[0], ofTokens[0])).toBeGreaterThan(0.999);
    expect((await post({ input: tokens })).usage.prompt_tokens).toBe(tokens.length);
  });
});

describe("without pooling", () => {
  test("each token has a vector, of length 1 unless told otherwise", async () => {
    const { data, usage } = await post({ input: [fox, "Hello!"], pooling: "none" });
    const counts = data.map(({ embedding }) => embedding.length);
    expect(counts[0]).toBeGreaterThan(counts[1] ?? 0);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(usage.prompt_tokens);
    for (const { embedding } of data) for (const row of embedding) expect(lengthOf(row)).toBeCloseTo(1, 4);
    expect(lengthOf((await tokenVectors(fox))[0] ?? [])).not.toBeCloseTo(1, 1);
  });

  test("gRPC has the rows too", async () => {
    const inputs = [{ kind: { case: "text" as const, value: fox } }];
    const { embeddings } = await tokenwire.client.inference.embed({ inputs, pooling: Pooling.NONE, dimensions: 8 });
    expect(embeddings[0]?.values).toEqual([]);
    expect(embeddings[0]?.tokens.every(({ values }) => values.length === 8)).toBe(true);
  });

  test("base64, which holds one vector, is refused", async () => {
    const { error } = await post({ input: fox, pooling: "none", encoding_format: "base64" });
    expect(error).toMatchObject({ param: "encoding_format" });
  });

  test("an answer that would not end is refused before it is computed", async () => {
    const long = copies(900, 300);
    const { error } = await post({ input: copies(50, long), pooling: "none" });
    expect(error).toMatchObject({ param: "input", message: expect.stringContaining("8640000 numbers") });
  });
});

describe("a long input", () => {
  test("goes through in several batches, and is as long as it was", async () => {
    const rows = await tokenVectors(fox.repeat(60));
    // n_batch is 512.
    expect(rows.length).toBeGreaterThan(800);
    const [whole] = await embed(fox.repeat(60), { normalize: false });
    expect(cosine(whole, mean(rows))).toBeGreaterThan(0.999);
    // Its beginning does not know how it goes on.
    const beginning = await tokenVectors(fox);
    expect(cosine(rows[5], beginning[5])).toBeGreaterThan(0.999);
  });

  test("among others changes none of them", async () => {
    const inputs = [fox, fox.repeat(60), "Hello!", fox.repeat(45), "x"];
    const together = await embed(inputs);
    for (const [index, input] of inputs.entries()) {
      expect(cosine((await embed(input))[0], together[index])).toBeGreaterThan(0.999);
    }
  });

  test("that the context does not hold is refused with its place", async () => {
    const { error } = await post({ input: ["Hello!", fox.repeat(300)] });
    expect(error).toMatchObject({ param: "input[1]", code: "context_length_exceeded" });
    expect(error?.message).toContain("1024");
  });
});

describe("many inputs", () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `${fox}That was number ${i}.`);

  test("have the vectors that they have alone", { timeout: 120_000 }, async () => {
    const inputs = many(2048);
    const { data, usage } = await post({ input: inputs });
    expect(data).toHaveLength(2048);
    expect(usage.prompt_tokens).toBeGreaterThan(2048 * 15);
    for (const index of [0, 1, 700, 2047]) {
      expect(cosine((await embed(inputs[index]))[0], data[index]?.embedding)).toBeGreaterThan(0.999);
    }
  });

  test("of several requests at once are not mixed up", { timeout: 120_000 }, async () => {
    const lists = [many(40), [fox.repeat(60)], ["Hello!"], many(7), ["x", fox.repeat(50), "y"]];
    const together = await Promise.all(lists.map((inputs) => embed(inputs)));
    for (const [list, inputs] of lists.entries()) {
      const alone = await embed(inputs);
      expect(together[list]).toHaveLength(inputs.length);
      for (const [index, vector] of alone.entries())
        expect(cosine(vector, together[list]?.[index])).toBeGreaterThan(0.999);
    }
  });

  test("do not stall a running stream, nor it them", { timeout: 120_000 }, async () => {
    const stream = await openai.chat.completions.create({
      model: "tiny-guide",
      messages: [{ role: "user", content: "Tell me a long story." }],
      max_tokens: 900,
      stream: true,
      ignore_eos: true,
    } as OpenAI.ChatCompletionCreateParamsStreaming);
    let embedded = 0;
    let gap = 0;
    let last = performance.now();
    let chunks = 0;
    for await (const _ of stream) {
      if (++chunks === 10) void post({ input: many(2048) }).then(({ data }) => (embedded = data.length));
      if (chunks > 10) gap = Math.max(gap, performance.now() - last);
      last = performance.now();
    }
    expect(gap).toBeLessThan(1_500);
    await waitUntil("the vectors are there", () => embedded === 2048, 60_000);
  });

  test("are left when the client leaves", { timeout: 60_000 }, async () => {
    const processed = () => tokenwire.metric("tokenwire_prompt_tokens_total");
    const before = await processed();
    const control = new AbortController();
    const request = post({ input: many(2048).map((text) => text.repeat(10)) }, { signal: control.signal });
    await waitUntil("it has begun", async () => (await processed()) > before);
    control.abort();
    await expect(request).rejects.toThrow();
    let seen = -1;
    await waitUntil(
      "nothing more is computed",
      async () => {
        const now = await processed();
        await new Promise((resolve) => setTimeout(resolve, 300));
        const settled = now === seen;
        seen = now;
        return settled;
      },
      30_000,
    );
    expect(seen - before).toBeLessThan(2048 * 150);
  });
});

/** Of a server with one model: the vectors of some texts. */
async function embedAt({ url }: Tokenwire, input: unknown, more: object = {}): Promise<(readonly number[])[]> {
  return (await post({ input, ...more }, { url })).data.map(({ embedding }) => embedding);
}

describe("an encoder", () => {
  /** More than a batch has. */
  const length = 1024;
  const folder = mkdtempSync(join(tmpdir(), "tw-encoder-"));
  const path = join(folder, "encoder.gguf");
  let encoder: Tokenwire;
  beforeAll(async () => {
    writeBert(path, { head: false, length });
    encoder = await startTokenwire({ args: ["--model", path, "--model_alias", "encoder"] });
  });
  afterAll(async () => {
    await encoder[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  test("sees the whole of an input, also of one that is longer than a batch", async () => {
    const tokens = Array.from({ length: length - 100 }, (_, i) => 5 + (i % 40));
    const others = tokens.map((token, i) => (i < 800 ? token : 60));
    const first = { pooling: "cls" };
    const [one, other] = [await embedAt(encoder, tokens, first), await embedAt(encoder, others, first)];
    expect(cosine(one[0], other[0])).toBeLessThan(0.9999);
    expect(cosine(one[0], (await embedAt(encoder, tokens, first))[0])).toBeGreaterThan(0.999);
  });

  test("gives many inputs the vectors that they have alone", async () => {
    const many = Array.from({ length: 300 }, (_, i) => "cats eat fish, ".repeat(i % 9) + i);
    const together = await embedAt(encoder, many);
    for (const index of [0, 8, 150, 299]) {
      expect(cosine((await embedAt(encoder, many[index]))[0], together[index])).toBeGreaterThan(0.999);
    }
  });

  test("takes as many tokens as it has places for, and refuses more", async () => {
    expect(await embedAt(encoder, copies(length, 7))).toHaveLength(1);
    const { error } = await post({ input: [[7, 8], copies(length + 1, 7)] }, { url: encoder.url });
    expect(error).toMatchObject({ param: "input[1]", code: "context_length_exceeded" });
    expect(error?.message).toContain(String(length));
  });

  test("does not chat, and says so", async () => {
    const client = new OpenAI({ baseURL: `${encoder.url}/v1`, apiKey: "none", maxRetries: 0 });
    const chat = client.chat.completions.create({ model: "encoder", messages: [{ role: "user", content: "Hello!" }] });
    const error = await chat.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ status: 400, param: "model", message: expect.stringContaining("cannot generate") });
  });
});

const miniLmPath = fileURLToPath(new URL("../../../shared/models/all-MiniLM-L6-v2-Q8_0.gguf", import.meta.url));
// It is no part of the project, and is missing on most machines: the tests' own encoder is random, and knows no meanings.
describe.skipIf(!existsSync(miniLmPath))("all-MiniLM-L6-v2 (skipped where ../shared/models has none)", () => {
  let miniLm: Tokenwire;
  beforeAll(async () => {
    miniLm = await startTokenwire({ args: ["--model", miniLmPath, "--model_alias", "mini"] });
  });
  afterAll(() => miniLm[Symbol.asyncDispose]());

  const texts = ["a cat sits on the mat", "a kitten rests on a rug", "stock markets fell sharply today"];

  test("finds what means the same", async () => {
    const [cat, kitten, markets] = await embedAt(miniLm, texts);
    expect(cosine(cat, kitten)).toBeCloseTo(0.66, 2);
    expect(cosine(cat, markets)).toBeCloseTo(0.06, 2);
  });

  test("gives many texts the vectors that they have alone", async () => {
    const many = Array.from({ length: 100 }, (_, i) => `${texts[i % 3]}, ${i} times`);
    const together = await embedAt(miniLm, many);
    for (const index of [0, 50, 99]) {
      expect(cosine((await embedAt(miniLm, many[index]))[0], together[index])).toBeGreaterThan(0.999);
    }
  });

  test("takes the 512 tokens that it has places for", async () => {
    const ofTokens = (count: number) => [101, ...copies(count - 2, 4937), 102];
    expect(await embedAt(miniLm, ofTokens(512))).toHaveLength(1);
    const { error } = await post({ input: ofTokens(513) }, { url: miniLm.url });
    expect(error).toMatchObject({ param: "input", code: "context_length_exceeded" });
  });
});
