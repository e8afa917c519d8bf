import { expect, test } from "vitest";
import { refuseTooWide } from "../../../clients/json/refuse-too-wide.ts";

const members = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, 1]));

test("a value with more members or items than any request needs is refused by its name, before it is walked", () => {
  expect(() => refuseTooWide({ logit_bias: members(10_001) })).toThrow(
    expect.objectContaining({
      param: "logit_bias",
      message: "logit_bias has 10001 members, and at most 10000 are read",
    }),
  );
  expect(() => refuseTooWide(members(20_000))).toThrow(
    expect.objectContaining({ param: undefined, message: "the request has 20000 members, and at most 10000 are read" }),
  );
  const messages = [{ content: Array.from({ length: 100_001 }, () => ({})) }];
  expect(() => refuseTooWide({ messages })).toThrow(expect.objectContaining({ param: "messages[0].content" }));
  expect(() => refuseTooWide({ prompt: Array.from({ length: 1_000_001 }, () => 1) })).toThrow(
    expect.objectContaining({ param: "prompt" }),
  );
});

test("what requests have is let through", () => {
  const schema = { properties: members(10_000), enum: Array.from({ length: 60_000 }, (_, i) => `value ${i}`) };
  const prompt = Array.from({ length: 200_000 }, (_, i) => i);
  expect(() => refuseTooWide({ tools: [{ function: { parameters: schema } }], prompt, stop: null })).not.toThrow();
});
