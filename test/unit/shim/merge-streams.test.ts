import { expect, test } from "vitest";
import { mergeStreams } from "../../../shim/dialect/answer/merge-streams.ts";

const never = new AbortController().signal;

async function* numbers(...values: number[]): AsyncGenerator<number> {
  yield* values;
}

async function* waiting(signal: AbortSignal, onEnd: () => void): AsyncGenerator<number> {
  try {
    signal.throwIfAborted();
    yield await new Promise<never>((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
    );
  } finally {
    onEnd();
  }
}

test("gives every value of every source, in each source's order", async () => {
  const sources = [() => numbers(1, 2), () => numbers(), () => numbers(3, 4, 5)];
  const merged = await Array.fromAsync(mergeStreams(sources, { concurrency: 2, signal: never }));
  expect(merged.filter(({ source }) => source === 0).map(({ value }) => value)).toEqual([1, 2]);
  expect(merged.filter(({ source }) => source === 2).map(({ value }) => value)).toEqual([3, 4, 5]);
});

test("takes turns, and keeps to its concurrency", async () => {
  let open = 0;
  let most = 0;
  const sources = Array.from(
    { length: 6 },
    () =>
      async function* () {
        most = Math.max(most, ++open);
        yield* [1, 2, 3];
        open -= 1;
      },
  );
  const merged = await Array.fromAsync(mergeStreams(sources, { concurrency: 2, signal: never }));
  expect(merged).toHaveLength(18);
  expect(most).toBe(2);
  expect(merged.slice(0, 4).map(({ source }) => source)).toEqual([0, 1, 0, 1]);
});

test("ends the others when one fails", async () => {
  let ended = 0;
  const sources = [
    (signal: AbortSignal) => waiting(signal, () => (ended += 1)),
    async function* () {
      yield 1;
      throw new Error("broken");
    },
  ];
  await expect(Array.fromAsync(mergeStreams(sources, { concurrency: 2, signal: never }))).rejects.toThrow("broken");
  expect(ended).toBe(1);
});

test("ends all when it is left", async () => {
  let ended = 0;
  const sources = [(signal: AbortSignal) => waiting(signal, () => (ended += 1)), () => numbers(1)];
  for await (const _ of mergeStreams(sources, { concurrency: 2, signal: never })) break;
  expect(ended).toBe(1);
});

test("ends with the signal's reason, while waiting and when aborted already", async () => {
  const gone = new AbortController();
  const merged = mergeStreams([(signal) => waiting(signal, () => {})], { concurrency: 1, signal: gone.signal });
  const next = merged.next();
  gone.abort(new Error("gone"));
  await expect(next).rejects.toThrow("gone");
  const late = mergeStreams([(signal) => waiting(signal, () => {})], { concurrency: 1, signal: gone.signal });
  await expect(late.next()).rejects.toThrow("gone");
});

test("lets no source run ahead of a slow consumer by more than one value", async () => {
  let produced = 0;
  const source = async function* () {
    for (;;) yield ++produced;
  };
  let taken = 0;
  for await (const _ of mergeStreams([source], { concurrency: 1, signal: never })) {
    await new Promise(setImmediate);
    expect(produced - taken).toBeLessThanOrEqual(2);
    if (++taken === 20) break;
  }
});
