import { describe, expect, test } from "vitest";
import { createDecodePlacing } from "../../../../../services/engine/llama/loop/decode-placing.ts";
import { lookUp } from "../../../../../services/engine/llama/speculation/drafter.ts";
import { mostLikely } from "../../../../../services/engine/llama/sampling/logprobs.ts";
import { createPromptBudget } from "../../../../../services/engine/llama/loop/prompt-budget.ts";
import { nextThreads } from "../../../../../services/engine/llama/cpu/threads.ts";
import { createTurns } from "../../../../../services/engine/llama/loop/turns.ts";

describe("nextThreads", () => {
  const machine = { max: 2, cores: 2 };

  test("uses every core of an idle machine", () => {
    expect(nextThreads(2, { ...machine, othersBusy: 0.1 })).toBe(2);
  });

  test("steps back when another process takes a core, and never below one thread", () => {
    expect(nextThreads(2, { ...machine, othersBusy: 1 })).toBe(1);
    expect(nextThreads(1, { ...machine, othersBusy: 2 })).toBe(1);
  });

  test("needs more room to come back than to stay", () => {
    const othersBusy = 0.7;
    expect(nextThreads(2, { ...machine, othersBusy })).toBe(2);
    expect(nextThreads(1, { ...machine, othersBusy })).toBe(1);
    expect(nextThreads(1, { ...machine, othersBusy: 0.2 })).toBe(2);
  });

  test("does not care about busy neighbours where cores are left", () => {
    expect(nextThreads(4, { max: 4, cores: 16, othersBusy: 10 })).toBe(4);
  });
});

describe("where a step is computed", () => {
  const tokens = { promptTokens: 0, threads: 2 };
  const place = (options: { cores: number; usesGpu: boolean }, ms: number, step = tokens) => {
    const placing = createDecodePlacing(options);
    expect(placing.choose(tokens)).toBe("elsewhere");
    placing.observe(tokens, ms);
    return placing.choose(step);
  };

  test("here, when it takes less than handing it over", () => {
    expect(place({ cores: 16, usesGpu: false }, 0.5)).toBe("here");
    expect(place({ cores: 16, usesGpu: true }, 0.5)).toBe("here");
    expect(place({ cores: 16, usesGpu: false }, 5)).toBe("elsewhere");
  });

  test("here, where every core computes, as long as nobody waits for long", () => {
    expect(place({ cores: 2, usesGpu: false }, 20)).toBe("here");
    expect(place({ cores: 2, usesGpu: false }, 40)).toBe("elsewhere");
    expect(place({ cores: 2, usesGpu: true }, 20)).toBe("elsewhere");
    expect(place({ cores: 2, usesGpu: false }, 20, { promptTokens: 0, threads: 1 })).toBe("elsewhere");
  });

  test("a prompt is placed by what prompts took", () => {
    const placing = createDecodePlacing({ cores: 2, usesGpu: false });
    placing.observe(tokens, 1);
    expect(placing.choose({ promptTokens: 10, threads: 2 })).toBe("elsewhere");
    placing.observe({ promptTokens: 100, threads: 2 }, 100);
    expect(placing.choose({ promptTokens: 10, threads: 2 })).toBe("here");
    expect(placing.choose({ promptTokens: 100, threads: 2 })).toBe("elsewhere");
  });
});

describe("the prompt budget", () => {
  const create = () => createPromptBudget({ batchTokens: 512, efficientRows: 64 });

  test("is a whole batch while nothing streams", () => {
    expect(create().tokens(false)).toBe(512);
  });

  test("follows the speed seen in whole chunks, so that streams do not wait long", () => {
    const budget = create();
    budget.observe(512, 512);
    expect(budget.tokens(true)).toBe(3 * 64 + 1);
  });

  test("never goes below the size that is computed well, beside one row of each stream", () => {
    const budget = create();
    expect(budget.tokens(true)).toBe(65);
    budget.observe(512, 1e6);
    expect(budget.tokens(true)).toBe(65);
  });

  test("never goes beyond a batch", () => {
    const budget = create();
    budget.observe(512, 1);
    expect(budget.tokens(true)).toBe(512);
  });
});

test("mostLikely finds the greatest values in order", () => {
  const values = Float32Array.of(0.1, 5, -3, 4, 5, 2);
  expect(mostLikely(values, 3)).toEqual([1, 4, 3]);
  expect(mostLikely(values, 0)).toEqual([]);
  expect(mostLikely(values, 9)).toHaveLength(6);
});

test("turns are taken one after the other, also after a failure", async () => {
  const turns = createTurns();
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = turns.take(async () => {
    await gate.promise;
    order.push("first");
    throw new Error("failed");
  });
  const second = turns.take(async () => {
    order.push("second");
  });
  gate.resolve();
  await expect(first).rejects.toThrow("failed");
  await second;
  expect(order).toEqual(["first", "second"]);
});

test("prompt lookup finds what followed the same tokens last", () => {
  expect(lookUp([1, 2, 3, 4, 9, 2, 3], 2)).toEqual([4, 9]);
  expect(lookUp([5, 1, 2, 6, 1, 2, 7, 1, 2], 1)).toEqual([7]);
  expect(lookUp([1, 2, 3], 4)).toEqual([]);
});
