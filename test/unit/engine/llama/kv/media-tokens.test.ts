import fc from "fast-check";
import { expect, test } from "vitest";
import {
  isMedia,
  mediaTokens,
  positionAfter,
  uncutLength,
} from "../../../../../services/engine/llama/kv/media-tokens.ts";
import { reusablePrefix } from "../../../../../services/engine/llama/kv/slots.ts";

/** A prompt of texts and pictures, each picture with as many positions as rows or fewer. */
const prompts = fc.array(
  fc.oneof(
    fc.array(fc.nat(4095), { minLength: 1, maxLength: 5 }).map((tokens) => ({ tokens, positions: tokens.length })),
    fc
      .record({
        name: fc.string({ maxLength: 3 }),
        rows: fc.integer({ min: 1, max: 9 }),
        share: fc.double({ min: 0, max: 1, noNaN: true }),
      })
      .map(({ name, rows, share }) => {
        const positions = Math.max(1, Math.round(rows * share));
        return { tokens: [...mediaTokens(name, { rows, positions })], positions };
      }),
  ),
  { minLength: 1, maxLength: 6 },
);

test("rows are negative, the same for the same thing, and others for another", () => {
  const rows = mediaTokens("a", { rows: 50, positions: 50 });
  expect([...rows].every(isMedia)).toBe(true);
  expect(mediaTokens("a", { rows: 50, positions: 50 })).toEqual(rows);
  const others = mediaTokens("b", { rows: 50, positions: 50 });
  expect(others.filter((token, index) => token === rows[index])).toHaveLength(0);
  expect(new Set(rows).size).toBe(50);
});

test("what is kept of a prompt never ends inside of a picture, and is as long as it can be", () => {
  fc.assert(
    fc.property(prompts, fc.nat(40), (items, wanted) => {
      const tokens = items.flatMap((item) => item.tokens);
      const length = Math.min(wanted, tokens.length);
      const ends = new Set<number>([0]);
      let at = 0;
      for (const item of items) {
        const isPicture = isMedia(item.tokens[0] ?? 0);
        if (isPicture) ends.add(at);
        else for (let i = 0; i <= item.tokens.length; i++) ends.add(at + i);
        at += item.tokens.length;
        ends.add(at);
      }
      expect(uncutLength(tokens, length)).toBe(Math.max(...[...ends].filter((end) => end <= length)));
    }),
  );
});

test("positions add up", () => {
  fc.assert(
    fc.property(prompts, (items) => {
      const tokens = items.flatMap((item) => item.tokens);
      expect(positionAfter(tokens, tokens.length)).toBe(items.reduce((sum, { positions }) => sum + positions, 0));
    }),
  );
});

test("a prompt that ends in a picture computes all of it again: its last row gives the logits", () => {
  const prompt = [1, 2, 3, ...mediaTokens("a", { rows: 5, positions: 5 })];
  expect(reusablePrefix(prompt, prompt)).toBe(3);
  expect(reusablePrefix([...prompt, 9], [...prompt, 9, 9])).toBe(9);
});
