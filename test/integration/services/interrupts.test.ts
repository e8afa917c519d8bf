import { describe, expect, test } from "vitest";
import { FinishReason, type ChatResponse } from "../../../clients/index.ts";
import { chat, startTestServices, textOf, watchUntil, type TestServices } from "./support.ts";

const service = { interrupt_requests: true };
const busy = (ctx: TestServices, slots: number, model = "a") =>
  watchUntil(ctx, ({ stats }) => stats?.busySlots === slots, model);

/** A stream that allows to be interrupted, as a REST client's does. */
const stream = (script: string, model = "a") => ({ ...chat(script, model), options: { interruptible: true } });

interface Running {
  readonly all: Promise<ChatResponse[]>;
}

/** Starts a chat and waits until its text so far is `text`. */
async function start(ctx: TestServices, request: ReturnType<typeof chat>, text: string, id?: string): Promise<Running> {
  const metadata = id === undefined ? {} : { "x-request-id": id };
  const events = ctx.client.inference.chat(request, { metadata })[Symbol.asyncIterator]();
  const seen: ChatResponse[] = [(await events.next()).value];
  while (textOf(seen) !== text) seen.push((await events.next()).value);
  const rest = async () => [...seen, ...(await Array.fromAsync({ [Symbol.asyncIterator]: () => events }))];
  return { all: rest() };
}

const endOf = (events: readonly ChatResponse[]) => [textOf(events), finishOf(events)?.reason];
function finishOf(events: readonly ChatResponse[]) {
  const event = events.at(-1)?.event;
  return event?.case === "finished" ? event.value : undefined;
}

describe("with interrupt_requests a new request", () => {
  test("ends a running stream with what it has, which makes room for itself", async () => {
    await using ctx = await startTestServices({ service, slots: 1 });
    const running = await start(ctx, stream("count:9 hold:3"), "w1 w2 ");
    expect(endOf(await Array.fromAsync(ctx.client.inference.chat(chat("count:2"))))).toEqual([
      "w1 w2 ",
      FinishReason.STOP,
    ]);
    const events = await running.all;
    expect(endOf(events)).toEqual(["w1 w2 ", FinishReason.INTERRUPTED]);
    const { usage, timings } = finishOf(events) ?? {};
    expect(usage).toMatchObject({ promptTokens: "user: count:9 hold:3\nassistant:".length, completionTokens: 2 });
    expect(timings?.decodeMs).toBeGreaterThan(0);
  });

  test("ends each choice of a stream, also one whose prompt is still processed", async () => {
    await using ctx = await startTestServices({ service, slots: 3 });
    const request = { ...chat("hold:0"), options: { interruptible: true, n: 2 } };
    const running = Array.fromAsync(ctx.client.inference.chat(request));
    await busy(ctx, 2);
    await Array.fromAsync(ctx.client.inference.chat(chat("count:1")));
    const events = await running;
    expect(events.map(({ choice, event }) => [choice, event.case])).toEqual([
      [0, "started"],
      [0, "finished"],
      [1, "finished"],
    ]);
    expect(finishOf(events)).toMatchObject({ reason: FinishReason.INTERRUPTED, usage: { completionTokens: 0 } });
  });

  test("leaves alone who waits for a whole answer", async () => {
    await using ctx = await startTestServices({ service });
    const running = await start(ctx, chat("count:4 tokenMs:50"), "w1 ");
    await Array.fromAsync(ctx.client.inference.chat(chat("count:1")));
    expect(endOf(await running.all)).toEqual(["w1 w2 w3 w4 ", FinishReason.STOP]);
  });

  test("leaves alone who still waits for its turn, and the other parts of the same request", async () => {
    await using ctx = await startTestServices({ service, slots: 1 });
    const whole = await start(ctx, chat("count:3 tokenMs:50"), "w1 ", "first");
    const waiting = Array.fromAsync(
      ctx.client.inference.chat(stream("count:2"), { metadata: { "x-request-id": "r" } }),
    );
    const another = Array.fromAsync(
      ctx.client.inference.chat(stream("count:3"), { metadata: { "x-request-id": "r" } }),
    );
    expect(endOf(await whole.all)).toEqual(["w1 w2 w3 ", FinishReason.STOP]);
    expect(endOf(await waiting)).toEqual(["w1 w2 ", FinishReason.STOP]);
    expect(endOf(await another)).toEqual(["w1 w2 w3 ", FinishReason.STOP]);
  });

  test("leaves the other model's streams alone, and is one to generate: counting tokens interrupts nobody", async () => {
    await using ctx = await startTestServices({ service, models: { a: "fake.gguf", b: "fake.gguf" } });
    const running = await start(ctx, stream("count:3 tokenMs:100"), "w1 ");
    await Array.fromAsync(ctx.client.inference.chat(chat("count:1", "b")));
    await ctx.client.inference.tokenize({ text: "x" });
    expect(endOf(await running.all)).toEqual(["w1 w2 w3 ", FinishReason.STOP]);
  });
});

test("without interrupt_requests streams run side by side", async () => {
  await using ctx = await startTestServices();
  const running = await start(ctx, stream("count:3 tokenMs:50"), "w1 ");
  await Array.fromAsync(ctx.client.inference.chat(chat("count:1")));
  expect(endOf(await running.all)).toEqual(["w1 w2 w3 ", FinishReason.STOP]);
});
