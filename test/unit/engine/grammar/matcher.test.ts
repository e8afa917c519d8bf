import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { GrammarAutomaton } from "../../../../services/engine/grammar/matcher/automaton.ts";
import { GrammarMatcher, TokenGrammar } from "../../../../services/engine/grammar/matcher/grammar-matcher.ts";
import { GrammarTooComplex } from "../../../../services/engine/grammar/matcher/too-complex.ts";
import { compileGrammar } from "../../../../services/engine/grammar/program/compile-grammar.ts";
import { createGbnfMatcher } from "../schema/gbnf-matcher.ts";
import { arbitraryGbnf, arbitraryText } from "./arbitrary-grammar.ts";
import { matcherOf, read, testVocabulary } from "./support.ts";

// More runs find rarer cases: RUNS=20000 for a long look.
const numRuns = Number(process.env["RUNS"] ?? 120);

/** undefined: it takes a repetition of what may be empty for left recursion, as llama.cpp does. */
function oracleOf(gbnf: string) {
  try {
    return createGbnfMatcher(gbnf);
  } catch (error) {
    expect(String(error)).toContain("left recursive");
    return undefined;
  }
}

describe("a grammar", () => {
  test("takes the texts that an interpreter by the book takes", () => {
    fc.assert(
      fc.property(arbitraryGbnf, fc.array(arbitraryText, { minLength: 5, maxLength: 5 }), (gbnf, texts) => {
        const oracle = oracleOf(gbnf);
        fc.pre(oracle !== undefined);
        for (const text of texts) {
          const expected = { accepts: oracle.accepts(text), matches: oracle.matches(text) };
          expect({ text, ...read(gbnf, text) }).toEqual({ text, ...expected });
        }
      }),
      { numRuns },
    );
  });

  test("masks exactly the tokens that it takes one by one, in whatever pieces the masks are made", () => {
    const pieces = ["ab", "ba", "aa", "é", "aé", "ü日", "abc", "日日", "<|a|>", "a", "b<"];
    fc.assert(
      fc.property(arbitraryGbnf, fc.array(fc.nat(), { maxLength: 6 }), fc.boolean(), (gbnf, picks, keepControl) => {
        const { vocabulary } = testVocabulary(pieces, { keepControl });
        const matcher = new GrammarMatcher(new TokenGrammar(compileGrammar(gbnf), vocabulary));
        for (const pick of picks) {
          let mask = matcher.mask(0);
          while (mask === undefined) mask = matcher.mask(0);
          const allowed = Array.from({ length: vocabulary.size }, (_, token) => token).filter((token) =>
            matcher.allows(token),
          );
          const listed = new Int32Array(vocabulary.size);
          expect([...listed.subarray(0, mask.list(listed))]).toEqual(allowed);
          expect(mask.count).toBe(allowed.length);
          const next = allowed[pick % allowed.length];
          if (next === undefined || vocabulary.isEog(next)) return;
          matcher.accept(next);
        }
      }),
      { numRuns },
    );
  });

  test("lets control tokens through only where their names are part of the text", () => {
    const gbnf = 'root ::= "<|a|>" | "x"';
    for (const keepControl of [false, true]) {
      const { vocabulary } = testVocabulary(["<|a|>"], { keepControl });
      const matcher = new GrammarMatcher(new TokenGrammar(compileGrammar(gbnf), vocabulary));
      expect(matcher.allows(256)).toBe(keepControl);
      expect(matcher.mask(Infinity)?.has(256)).toBe(keepControl);
      expect(matcher.allows(0x3c)).toBe(true);
    }
  });

  test("takes tokens by their ids, whole", () => {
    const { vocabulary, end } = testVocabulary(["ab", "<|a|>"]);
    const matcher = new GrammarMatcher(
      new TokenGrammar(compileGrammar(`root ::= "a" <[257]> !<[256]> <[${end}]>`), vocabulary),
    );
    expect(matcher.allows(256)).toBe(false);
    matcher.accept(0x61);
    expect([257, 256, 0x62, end].map((token) => matcher.allows(token))).toEqual([true, false, false, false]);
    expect(matcher.mask(Infinity)?.count).toBe(1);
    matcher.accept(257);
    expect([257, 256, 0x62, end].map((token) => matcher.allows(token))).toEqual([false, false, true, false]);
    // Bytes that are whole characters; the other token is a control token, and excepted is "ab".
    expect(matcher.mask(Infinity)?.count).toBe(128);
    matcher.accept(0x62);
    // An end token ends the text, and is never part of it.
    expect(matcher.allows(end)).toBe(false);
  });

  test("refuses bytes that are no UTF-8, and takes each part of a character", () => {
    expect(read("root ::= .", "🎉")).toEqual({ accepts: true, matches: true });
    const matcher = matcherOf("root ::= [^a]*");
    for (const byte of [0x61, 0x80, 0xc0, 0xc1, 0xf5, 0xff]) expect(matcher.allows(byte)).toBe(false);
    matcher.accept(0xed);
    expect(matcher.isComplete).toBe(false);
    expect([0x9f, 0xa0].map((byte) => matcher.allows(byte))).toEqual([true, false]);
  });
});

describe("what a grammar costs", () => {
  const words = "hello world how are you ".repeat(40);

  /** How many places were followed to read a text. */
  function work(gbnf: string, text: string): number {
    const automaton = new GrammarAutomaton(compileGrammar(gbnf));
    let state = automaton.start;
    for (const byte of Buffer.from(text)) state = automaton.step(state, automaton.program.kindOf[byte] ?? 0);
    expect(state).toBeGreaterThanOrEqual(0);
    return automaton.work;
  }

  test("is next to nothing for repetitions of what may be empty", () => {
    expect(work("root ::= (([a-z ]*)*)*", words)).toBeLessThan(20);
    expect(work("root ::= ([a-z ]?){1000}", words)).toBeLessThan(5000);
    expect(work(`root ::= ${"[a-z ]* ".repeat(300)}`, words)).toBeLessThan(5000);
    expect(work("root ::= ((x y?)* | x+)*\nx ::= [a-z]*\ny ::= x | [ ]*", words)).toBeLessThan(300);
  });

  test("does not grow with the texts to choose from", () => {
    const choice = Array.from({ length: 20_000 }, (_, i) => `"text ${(i * 7919) % 100_003} end"`).join(" | ");
    expect(work(`root ::= ${choice}`, "text 7919 end")).toBeLessThan(100);
  });

  test("stays small where stacks could be combined without end", () => {
    expect(work('root ::= "x" root "p" | "x" root "q" | "x"', `${"x".repeat(200)}${"pq".repeat(99)}`)).toBeLessThan(
      5000,
    );
    expect(work('root ::= "x" root root | "x"', "x".repeat(200))).toBeLessThan(5000);
  });

  test("is bounded: beyond, the text is given up", () => {
    const choice = Array.from({ length: 20_000 }, (_, i) => `[a-z] "${i}"`).join(" | ");
    expect(() => matcherOf(`root ::= ${choice}`).allows(0x61)).toThrow(GrammarTooComplex);
    const matcher = matcherOf("root ::= ([a-z]+ [a-y]+){1000}");
    expect(() => {
      for (let i = 0; i < 5000; i++) matcher.accept(0x61);
    }).toThrow(GrammarTooComplex);
  });
});
