import { afterEach, describe, expect, test } from "vitest";
import type { GenerateJob, MediaSpan } from "../../../../../services/engine/engine.ts";
import { mediaTokens } from "../../../../../services/engine/llama/kv/media-tokens.ts";
import { MediaSteps, type MediaStepsParts } from "../../../../../services/engine/llama/loop/media-steps.ts";
import { FakeModel, startLoop, textOf } from "../../../../support/fake-loop.ts";

/** A fake encoder, which is done with a picture when it is told so. */
class FakeEncoder {
  readonly wanted: MediaSpan[] = [];
  readonly released: MediaSpan[] = [];
  readonly #made = new Set<MediaSpan>();
  onReady = (): void => {};

  readonly encoder: MediaStepsParts["encoder"] = {
    rows: (_request, span) => (this.#made.has(span) ? rowsOf(span) : undefined),
    want: (_request, spans) => void this.wanted.push(...spans),
    release: (_request, span) => void this.released.push(span),
  };

  finish(...spans: readonly MediaSpan[]): void {
    for (const span of spans) this.#made.add(span);
    this.onReady();
  }
}

/** Of one number each: 500 and up. */
const rowsOf = ({ rows }: MediaSpan): Float32Array => Float32Array.from({ length: rows }, (_, row) => 500 + row);

type Item = readonly number[] | { readonly rows: number; readonly isCausal?: boolean };

function promptOf(...items: readonly Item[]): Pick<GenerateJob, "prompt" | "media"> {
  const prompt: number[] = [];
  const media: MediaSpan[] = [];
  for (const item of items) {
    if (!("rows" in item)) prompt.push(...item);
    else {
      const { rows, isCausal = true } = item;
      const start = prompt.length;
      const key = `${media.length}/${rows}`;
      const positions = Int32Array.from({ length: rows }, (_, row) => start + row);
      media.push({ start, rows, key, isCausal, positions, parts: [], medium: media.length, piece: 0 });
      prompt.push(...mediaTokens(key, { rows, positions: rows }));
    }
  }
  return { prompt: Int32Array.from(prompt), media };
}

let close = async (): Promise<void> => {};
afterEach(() => close());

function start(sequences = 2) {
  const model = new FakeModel(sequences);
  const fake = new FakeEncoder();
  const media = new MediaSteps({ encoder: fake.encoder, batch: model.mediaBatch });
  const { loop, ask, memory } = startLoop(model, {
    media,
    promptBudget: { tokens: (someDecode) => (someDecode ? 65 : 512), observe() {} },
  });
  fake.onReady = () => loop.wake();
  close = () => loop.close();
  const show = (job: Pick<GenerateJob, "prompt" | "media">, more: Partial<GenerateJob> = {}) =>
    ask([...job.prompt], { ...(job.media && { media: job.media }), ...more });
  return { model, fake, loop, ask, show, memory };
}

const words = (from: number, length: number): number[] => Array.from({ length }, (_, i) => from + i);

test("a prompt's texts and pictures go into memory in their order, and the answer follows the last", async () => {
  const { model, fake, show } = start();
  const job = promptOf([10, 11], { rows: 3 }, [20], { rows: 2 }, [30]);
  const { events } = show(job);
  await expect.poll(() => fake.wanted).toEqual(job.media);
  fake.finish(...fake.wanted);
  expect(textOf(await events)).toBe(" 31 32 33");
  expect(model.held[0]).toEqual([10, 11, 500, 501, 502, 20, 500, 501, 30, 31, 32]);
  expect(fake.released).toEqual(job.media);
});

test("an answer may follow a picture at the prompt's end", async () => {
  const { fake, show } = start();
  const { events } = show(promptOf([10], { rows: 4 }));
  await expect.poll(() => fake.wanted.length).toBe(1);
  fake.finish(...fake.wanted);
  expect(textOf(await events)).toBe(" 504 505 506");
});

test("every choice goes on from the pictures", async () => {
  const { model, fake, show } = start();
  const { events } = show(promptOf([10], { rows: 4 }, [20]), { choices: 2 });
  await expect.poll(() => fake.wanted.length).toBe(1);
  fake.finish(...fake.wanted);
  expect((await events).filter(({ type }) => type === "finished")).toHaveLength(2);
  expect(model.held[0]).toEqual(model.held[1]);
});

test("streams go on while a picture is encoded, and between the pieces in which it is put into memory", async () => {
  const { model, fake, ask, show } = start();
  const stream = ask(words(100, 5), { maxTokens: 60 });
  const seen = show(promptOf([10], { rows: 200 }, [20]));
  model.onDecode = () => {
    if (model.decoded.length === 20) fake.finish(...fake.wanted);
    return 0;
  };
  await Promise.all([stream.events, seen.events]);
  const ofPicture = (rows: (typeof model.decoded)[number]) => rows.some(({ token }) => token >= 500);
  const pieces = [...model.decoded.entries()].filter(([, rows]) => ofPicture(rows));
  expect(pieces[0]?.[1]).toHaveLength(65);
  expect(pieces.reduce((sum, [, rows]) => sum + rows.length, 0)).toBe(200);
  for (const [step] of pieces) expect(ofPicture(model.decoded[step + 1] ?? [])).toBe(false);
});

test("what has to be seen at once is one step", async () => {
  const { model, fake, ask, show } = start();
  const stream = ask(words(100, 5), { maxTokens: 60 });
  const seen = show(promptOf([10], { rows: 200, isCausal: false }, [20]));
  await expect.poll(() => fake.wanted.length).toBe(1);
  fake.finish(...fake.wanted);
  await Promise.all([stream.events, seen.events]);
  expect(model.decoded.filter((rows) => rows.some(({ token }) => token >= 500)).map(({ length }) => length)).toEqual([
    200,
  ]);
});

test("what is in memory already is not encoded again", async () => {
  const { fake, show } = start(1);
  const job = promptOf(words(10, 40), { rows: 30 }, [20]);
  const first = show(job);
  await expect.poll(() => fake.wanted.length).toBe(1);
  fake.finish(...fake.wanted);
  await first.events;
  const again = promptOf(words(10, 40), { rows: 30 }, [20, 99], { rows: 5 }, [30]);
  const second = show(again);
  await expect.poll(() => fake.wanted.length).toBe(2);
  expect(fake.wanted[1]).toBe(again.media?.[1]);
  fake.finish(...fake.wanted);
  expect((await second.events)[0]).toMatchObject({ type: "started", cachedTokens: 71 });
});

describe("a client that leaves while its picture is encoded", () => {
  test("frees its slot, which the next one takes", async () => {
    const { fake, loop, ask, show, memory } = start(1);
    const gone = show(promptOf([10], { rows: 3 }, [20]));
    await expect.poll(() => fake.wanted.length).toBe(1);
    gone.request.outbox.fail(new Error("gone"));
    loop.abandon(gone.request);
    await expect(gone.events).rejects.toThrow("gone");
    await expect.poll(() => memory.busy).toBe(0);
    expect(textOf(await ask([40]).events)).toBe(" 41 42 43");
  });

  test("is the only one who fails, when encoding fails", async () => {
    const { fake, loop, ask, show } = start();
    const broken = show(promptOf([10], { rows: 3 }, [20]));
    const fine = ask([40]);
    await expect.poll(() => fake.wanted.length).toBe(1);
    loop.fail(broken.request, new Error("no memory"));
    await expect(broken.events).rejects.toThrow("no memory");
    expect(textOf(await fine.events)).toBe(" 41 42 43");
  });
});

test("the loop sleeps while it waits for a picture", async () => {
  const { model, fake, show } = start();
  const { events } = show(promptOf([10, 11], { rows: 3 }, [20]));
  await expect.poll(() => model.held[0]).toEqual([10, 11]);
  // Turns of the event loop come, and nothing is decoded in them.
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
  expect(model.decoded).toHaveLength(1);
  fake.finish(...fake.wanted);
  await events;
});
