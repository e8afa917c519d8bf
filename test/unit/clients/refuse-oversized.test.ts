import fc from "fast-check";
import { expect, test } from "vitest";
import { refuseOversized } from "../../../clients/json/refuse-oversized.ts";

const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, 1]));
const check = (value: unknown, isBatch = false) => refuseOversized(JSON.stringify(value), { isBatch });

test("a value with more members or items than any request needs is refused by its name", () => {
  expect(() => check({ model: 'a,"b{', logit_bias: members(10_001) })).toThrow(
    expect.objectContaining({ param: "logit_bias", message: "logit_bias has more than 10000 members" }),
  );
  expect(() => check(members(20_000))).toThrow(
    expect.objectContaining({ param: undefined, message: "the request has more than 10000 members" }),
  );
  const messages = [{}, { content: Array.from({ length: 100_001 }, () => ({})) }];
  expect(() => check({ messages })).toThrow(expect.objectContaining({ param: "messages[1].content" }));
  expect(() => check({ prompt: Array.from({ length: 1_000_001 }, () => 1) })).toThrow(
    expect.objectContaining({ param: "prompt", message: "prompt has more than 1000000 items" }),
  );
});

test("in a batch, the path begins within each request", () => {
  const tooMany = { logitBias: members(10_001) };
  expect(() => check({ 0: {}, 1: tooMany }, true)).toThrow(expect.objectContaining({ param: "logitBias" }));
  expect(() => check({ 0: members(10_001) }, true)).toThrow(expect.objectContaining({ param: undefined }));
});

test("what requests have is let through", () => {
  const schema = { properties: members(10_000), enum: Array.from({ length: 60_000 }, (_, i) => `value ${i}`) };
  const prompt = Array.from({ length: 200_000 }, (_, i) => i);
  expect(() => check({ tools: [{ function: { parameters: schema } }], prompt, stop: null })).not.toThrow();
});

test("levels are counted", () => {
  const nested = (levels: number) => `${'{"a":['.repeat(levels / 2)}${"]}".repeat(levels / 2)}`;
  expect(() => refuseOversized(nested(100))).not.toThrow();
  expect(() => refuseOversized(nested(102))).toThrow(/deeper than 100 levels/);
});

test("other JSON, and text that is not JSON, is left to the parser", () => {
  const json = fc.json({ maxDepth: 8 });
  fc.assert(
    fc.property(fc.oneof(json, fc.string({ unit: fc.constantFrom(...'{}[],:"\\ a1') })), (text) =>
      refuseOversized(text),
    ),
  );
});
