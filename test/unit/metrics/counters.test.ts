import { expect, test } from "vitest";
import { CounterDeltas } from "../../../services/metrics/counter-deltas.ts";
import { RecentMean } from "../../../services/metrics/recent-mean.ts";

test("a counter of a restarted process goes on where the last one's ended", () => {
  const deltas = new CounterDeltas<"tokens">();
  const readings = [3, 10, 10].map((reading) => deltas.add("tokens", reading));
  expect(readings).toEqual([3, 7, 0]);
  expect(deltas.add("tokens", 4)).toBe(4);
  deltas.restart();
  // Past the last reading, which a smaller one could not tell.
  expect(deltas.add("tokens", 12)).toBe(12);
});

test("a recent mean follows what is new, forgets what is old and is kept while nothing happens", () => {
  const mean = new RecentMean();
  expect(mean.value).toBe(0);
  mean.add(80, 10, 0);
  expect(mean.value).toBe(8);
  mean.add(0, 0, 60_000);
  expect(mean.value).toBe(8);
  for (let second = 61; second < 80; second++) mean.add(20, 10, second * 1000);
  expect(mean.value).toBeCloseTo(2, 1);
});
