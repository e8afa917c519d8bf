import { describe, expect, test } from "vitest";
import { createGrammarBuilder } from "../../../../services/engine/schema/gbnf/grammar-builder.ts";
import { createGbnfMatcher } from "./gbnf-matcher.ts";

function matcher(pattern: string) {
  const grammar = createGrammarBuilder();
  grammar.addRule("root", grammar.addPattern("answer", pattern, "regex"));
  return createGbnfMatcher(grammar.toString());
}

describe("a pattern for a whole text", () => {
  test.each([
    ["(yes|no)", ["yes", "no"], ["", "ye", "yes!", "a yes"]],
    ["yes|no", ["yes", "no"], ["yesno", "y"]],
    [String.raw`\d{3}-\d{4}`, ["555-1234"], ["5551234", "x555-1234", "555-12345"]],
    ["^a+$", ["a", "aaa"], ["", "b", "ba"]],
    ["a*[ab]*", ["", "aab", "bba"], ["c"]],
    [".*", ["", 'any "quote" and \\ slash'], ["two\nlines"]],
    [String.raw`"[^"]*"`, ['""', '"a b"'], ["a", '"']],
    ["日本|東京", ["日本"], ["日"]],
    ["(?!no)[a-z]{2}", ["ye"], ["no", "nope"]],
  ])("%s", (pattern, yes, no) => {
    const { matches } = matcher(pattern);
    for (const text of yes) expect(matches(text), text).toBe(true);
    for (const text of no) expect(matches(text), text).toBe(false);
  });

  test.each([
    ["a)(b", /regular expression "a\)\(b"/],
    ["a{5,2}", /out of order/],
    ["[z-a]", /regular expression/],
    [String.raw`\bword`, /regular expression/],
    ["((((a{100000}){100000}){100000}){100000})", /too large|simpler/],
    ["a^b", /elsewhere than at an edge/],
  ])("%s is refused with its name", (pattern, message) => {
    expect(() => matcher(pattern)).toThrow(
      expect.objectContaining({ param: "regex", message: expect.stringMatching(message) as string }),
    );
  });
});
