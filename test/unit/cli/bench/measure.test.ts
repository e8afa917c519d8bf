import { expect, test } from "vitest";
import { formatTable } from "../../../../cli/bench/run-bench.ts";
import { summarize } from "../../../../cli/bench/measure.ts";

test("speeds are of all users, times are what each one saw", () => {
  const runs = [
    { promptTokens: 100, completionTokens: 11, firstAt: 1500, endAt: 2500 },
    { promptTokens: 100, completionTokens: 11, firstAt: 2000, endAt: 2500 },
  ];
  const measured = summarize(runs, 1000);
  expect(measured).toEqual({
    users: 2,
    promptTokens: 200,
    completionTokens: 22,
    // 200 in the second until the last one's first token; 20 in the second after the first one's.
    promptSpeed: 200,
    decodeSpeed: 20,
    decodeSpeedPerUser: 15,
    firstTokenMs: 750,
  });
  expect(formatTable([measured])).toMatch(/\n2 +200 +750 ms +20\.0 +15\.0$/);
});
