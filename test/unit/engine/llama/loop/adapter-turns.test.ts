import { expect, test } from "vitest";
import { AdapterTurns } from "../../../../../services/engine/llama/loop/adapter-turns.ts";
import type { Sequence } from "../../../../../services/engine/llama/loop/sequence.ts";

/** A sequence of which only its adapters and its arrival matter. */
const sequence = (adapterKey: string, arrivedAt = 0) => ({ request: { adapterKey, arrivedAt } }) as unknown as Sequence;

function setsOf(turns: AdapterTurns, ready: readonly Sequence[], steps: number): string {
  return Array.from({ length: steps }, () => turns.choose(ready)[0]?.request.adapterKey ?? "-").join("");
}

test("sequences with the same adapters run together, in their order", () => {
  const ready = [sequence("a"), sequence("a"), sequence("a")];
  expect(new AdapterTurns().choose(ready)).toEqual(ready);
  expect(new AdapterTurns().choose([])).toEqual([]);
});

test("sets of adapters take turns of some steps, none twice before each had one", () => {
  const turns = new AdapterTurns();
  const ready = [sequence("b", 2), sequence("a", 1), sequence("c", 3), sequence("b", 9)];
  expect(setsOf(turns, ready, 16)).toBe("aaaabbbbccccaaaa");
  expect(turns.choose(ready).map(({ request }) => request.adapterKey)).toEqual(["b", "b"]);
});

test("many sequences of one set do not keep those of another waiting for longer than a turn", () => {
  const turns = new AdapterTurns();
  const many = Array.from({ length: 30 }, () => sequence("a"));
  expect(setsOf(turns, many, 20)).toBe("a".repeat(20));
  expect(setsOf(turns, [...many, sequence("b", 5)], 12)).toBe("bbbbaaaabbbb");
});

test("a set whose sequences have ended gives its turn up", () => {
  const turns = new AdapterTurns();
  expect(setsOf(turns, [sequence("a", 1), sequence("b", 2)], 2)).toBe("aa");
  expect(setsOf(turns, [sequence("b", 2), sequence("c", 3)], 8)).toBe("bbbbcccc");
});
