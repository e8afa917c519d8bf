import { describe, expect, test } from "vitest";
import { ErrorReason, type ChatResponse } from "../../../clients/index.ts";
import { chat, startTestServices, textOf, watchUntil, type TestServices } from "./support.ts";

const busySlots = (ctx: TestServices, count: number) => watchUntil(ctx, ({ stats }) => stats?.busySlots === count);

/** Starts a chat and waits until its text so far is `text`; it goes on until its iterator is returned. */
async function startChat(ctx: TestServices, script: string, text = ""): Promise<AsyncIterator<ChatResponse>> {
  const stream = ctx.client.inference.chat(chat(script))[Symbol.asyncIterator]();
  const seen: ChatResponse[] = [(await stream.next()).value];
  while (textOf(seen) !== text) seen.push((await stream.next()).value);
  return stream;
}

describe("the slot of a client that leaves is free", () => {
  test.each([
    ["during the prefill", "hold:0", ""],
    ["in the middle of its stream", "count:9 hold:3", "w1 w2 "],
  ])("%s", async (_, script, text) => {
    await using ctx = await startTestServices({ slots: 1 });
    const stream = await startChat(ctx, script, text);
    await busySlots(ctx, 1);
    await stream.return?.();
    await busySlots(ctx, 0);
    expect(textOf(await Array.fromAsync(ctx.client.inference.chat(chat("count:1"))))).toBe("w1 ");
  });

  test("while it is queued, which the engine never hears of", async () => {
    await using ctx = await startTestServices({ slots: 1 });
    const running = await startChat(ctx, "count:1 hold:1");
    const leaver = new AbortController();
    const queued = Array.fromAsync(ctx.client.inference.chat(chat("count:1"), { signal: leaver.signal }));
    const last = Array.fromAsync(ctx.client.inference.chat(chat("count:2")));
    // Answered after both have taken their places in the queue.
    await ctx.client.inference.tokenize({ text: "x" });
    leaver.abort();
    await expect(queued).rejects.toThrow(/abort/i);
    await running.return?.();
    expect(textOf(await last)).toBe("w1 w2 ");
    const states = await watchUntil(ctx, ({ stats }) => (stats?.completionTokens ?? 0n) > 0n && stats?.busySlots === 0);
    expect(states.at(-1)?.stats?.completionTokens).toBe(2n);
  });
});

describe("a full queue", () => {
  test("refuses at once and says when to come again", async () => {
    await using ctx = await startTestServices({ slots: 1, service: { max_queue: 1 } });
    const running = await startChat(ctx, "hold:1");
    const waiting = Array.fromAsync(ctx.client.inference.chat(chat("count:1")));
    await expect(Array.fromAsync(ctx.client.inference.chat(chat("count:1")))).rejects.toMatchObject({
      reason: ErrorReason.OVERLOADED,
      message: "this model's queue is full (1 waiting); try again later",
      retryAfterMs: 2000,
    });
    await running.return?.();
    expect(textOf(await waiting)).toBe("w1 ");
  });

  test("of generation does not hold up embeddings", async () => {
    await using ctx = await startTestServices({ slots: 1, service: { max_queue: 1 } });
    const running = await startChat(ctx, "hold:1");
    const waiting = Array.fromAsync(ctx.client.inference.chat(chat("count:1")));
    const { embeddings } = await ctx.client.inference.embed({ inputs: [{ kind: { case: "text", value: "x" } }] });
    expect(embeddings).toHaveLength(1);
    await running.return?.();
    await waiting;
  });
});

test("a watch tells how many requests run and how many wait for them", async () => {
  await using ctx = await startTestServices({ slots: 1 });
  const running = await startChat(ctx, "hold:1");
  const waiting = Array.fromAsync(ctx.client.inference.chat(chat("count:1")));
  await watchUntil(ctx, ({ requests }) => requests?.running === 1 && requests.waiting === 1);
  await running.return?.();
  await waiting;
  await watchUntil(ctx, ({ requests }) => requests?.running === 0 && requests.waiting === 0);
});

test("more choices than slots are refused with the parameter's name", async () => {
  await using ctx = await startTestServices({ slots: 2 });
  await expect(Array.fromAsync(ctx.client.inference.chat({ ...chat(""), options: { n: 3 } }))).rejects.toMatchObject({
    reason: ErrorReason.INVALID_PARAMETER,
    param: "n",
    message: "n must be at most 2, the number of slots of this model, not 3",
  });
});

describe("a deadline", () => {
  test("that passes in the queue ends the request there", async () => {
    await using ctx = await startTestServices({ slots: 1 });
    const running = await startChat(ctx, "hold:1");
    const queued = ctx.client.inference.chat(chat("count:1"), { timeoutMs: 100 });
    await expect(Array.fromAsync(queued)).rejects.toMatchObject({ reason: ErrorReason.DEADLINE });
    await running.return?.();
    const [model] = await busySlots(ctx, 0);
    expect(model?.stats?.completionTokens).toBe(0n);
  });

  test("that passes while it runs stops the work in the worker", async () => {
    await using ctx = await startTestServices({ slots: 1 });
    const stream = ctx.client.inference.chat(chat("count:5 hold:2"), { timeoutMs: 200 });
    await expect(Array.fromAsync(stream)).rejects.toMatchObject({ reason: ErrorReason.DEADLINE });
    await busySlots(ctx, 0);
  });
});

test("eight requests at once share four slots and all are answered", async () => {
  await using ctx = await startTestServices({ slots: 4 });
  const chats = Array.from({ length: 8 }, () => Array.fromAsync(ctx.client.inference.chat(chat("count:5 tokenMs:5"))));
  for (const events of await Promise.all(chats)) expect(textOf(events)).toBe("w1 w2 w3 w4 w5 ");
});
