import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { RpcError } from "../../../../../clients/errors.ts";
import { schemaToGbnf } from "../../../../../services/engine/schema/schema-to-gbnf.ts";
import { createGbnfMatcher, isProductive, seededRandom } from "../gbnf-matcher.ts";

const numRuns = Number(process.env["RUNS"] ?? 300);

function matcherOf(schema: object): ReturnType<typeof createGbnfMatcher> | undefined {
  try {
    return createGbnfMatcher(schemaToGbnf({ type: "string", ...schema }));
  } catch (error) {
    if (error instanceof RpcError) return undefined;
    throw error;
  }
}

/** Regular expressions over a small alphabet with the characters that JSON escapes. */
const regexSource = fc.letrec<{ choice: string; sequence: string; term: string; atom: string }>((tie) => ({
  choice: fc.array(tie("sequence"), { minLength: 1, maxLength: 3 }).map((options) => options.join("|")),
  sequence: fc
    .tuple(fc.constantFrom("", "", "^"), fc.array(tie("term"), { maxLength: 4 }), fc.constantFrom("", "", "$"))
    .map(([start, terms, end]) => `${start}${terms.join("")}${end}`),
  term: fc
    .tuple(tie("atom"), fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,3}", "{2,}", "*?"))
    .map(([atom, times]) => (/^\(\?[=!]/.test(atom) ? atom : `${atom}${times}`)),
  atom: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom("a", "b", "c", '"', "\\\\", "\\n", ".", "\\w", "\\D", "\\s", "[ab]", "[^a]", "[a-c-]", "\\u0061"),
    tie("choice").map((inner) => `(${inner})`),
    tie("choice").map((inner) => `(?:${inner})`),
    tie("choice").map((inner) => `(?=${inner})`),
    tie("choice").map((inner) => `(?!${inner})`),
  ),
})).choice;

const text = fc
  .array(fc.constantFrom("a", "b", "c", "1", '"', "\\", "\n", "é"), { maxLength: 7 })
  .map((characters) => characters.join(""));

describe("a pattern", () => {
  test("accepts exactly the strings that the regular expression does", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(regexSource, fc.array(text, { minLength: 8, maxLength: 20 }), (pattern, texts) => {
        const matcher = matcherOf({ pattern });
        const regex = new RegExp(pattern, "u");
        for (const each of matcher ? texts : []) {
          if (matcher!.matches(JSON.stringify(each)) !== regex.test(each)) {
            throw new Error(`${JSON.stringify(each)} is ${regex.test(each) ? "not " : ""}accepted for ${pattern}`);
          }
        }
      }),
      { numRuns },
    );
  });

  test("accepts exactly those of a length, when one is given", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(
        regexSource,
        fc.nat(4),
        fc.nat(4),
        fc.array(text, { minLength: 8, maxLength: 20 }),
        (pattern, minLength, more, texts) => {
          const maxLength = minLength + more;
          const matcher = matcherOf({ pattern, minLength, maxLength });
          const regex = new RegExp(pattern, "u");
          for (const each of matcher ? texts : []) {
            const length = [...each].length;
            const isValid = regex.test(each) && length >= minLength && length <= maxLength;
            if (matcher!.matches(JSON.stringify(each)) !== isValid)
              throw new Error(`wrong about ${JSON.stringify(each)}`);
          }
        },
      ),
      { numRuns },
    );
  });

  test("accepts exactly those of a length that is counted in blocks", { timeout: 120_000 }, () => {
    const lengths = fc.record({ minLength: fc.nat(30), maxLength: fc.integer({ min: 150, max: 900 }) });
    fc.assert(
      fc.property(regexSource, lengths, fc.array(text, { minLength: 4, maxLength: 8 }), (pattern, bounds, texts) => {
        const matcher = matcherOf({ pattern, ...bounds });
        const regex = new RegExp(pattern, "u");
        for (const length of matcher ? [bounds.minLength, bounds.maxLength, 100] : []) {
          for (const each of texts.flatMap((part) =>
            [-1, 0, 1].map((more) => part.repeat(1000).slice(0, length + more)),
          )) {
            const isValid = regex.test(each) && each.length >= bounds.minLength && each.length <= bounds.maxLength;
            if (matcher!.matches(JSON.stringify(each)) !== isValid) {
              throw new Error(`wrong about ${each.length} characters, ${JSON.stringify(each.slice(0, 20))}`);
            }
          }
        }
      }),
      { numRuns: Math.ceil(numRuns / 10) },
    );
  });

  test.each([
    ["^[a-z]+(-[a-z]+)*$", 5, 300],
    ["\\S", 1, 2048],
    [".+", 1, 1000],
    ["^(?!\\s*$)[\\s\\S]+$", 1, 1600],
    ["^[a-z]+@[a-z]+\\.[a-z]{2,}$", 6, 254],
    ["^arn:aws[a-z-]*:kms:[a-z0-9-]*:\\d{12}:key/[a-z-]+$", 20, 2048],
    ["^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$", 1, 63],
    ["^\\p{Lu}\\P{C}*$", 2, 500],
    ["^(/[a-z]+(\\.[a-z]+)?)+(\\?q=\\w*)?$", 3, 2000],
  ])("keeps %s within %i and %i characters", (pattern, minLength, maxLength) => {
    const matcher = createGbnfMatcher(schemaToGbnf({ type: "string", pattern, minLength, maxLength }));
    const regex = new RegExp(pattern, "u");
    const random = seededRandom(1);
    for (let i = 0; i < 30; i++) {
      const value = JSON.parse(matcher.generate(random)) as string;
      expect([...value].length).toBeGreaterThanOrEqual(minLength);
      expect([...value].length).toBeLessThanOrEqual(maxLength);
      expect(value).toMatch(regex);
    }
  });

  test("counts long lengths exactly, with few ways to read on", () => {
    const matcher = createGbnfMatcher(schemaToGbnf({ type: "string", pattern: "\\S", minLength: 3, maxLength: 1000 }));
    for (const length of [3, 4, 29, 30, 31, 500, 999, 1000]) {
      expect(matcher.matches(JSON.stringify("x".repeat(length))), String(length)).toBe(true);
      expect(matcher.matches(JSON.stringify(" ".repeat(length))), String(length)).toBe(false);
    }
    for (const length of [0, 1, 2, 1001, 1002, 1100]) {
      expect(matcher.matches(JSON.stringify("x".repeat(length))), String(length)).toBe(false);
    }
    expect(matcher.openWays(JSON.stringify("x y".repeat(300)))).toBeLessThan(10);
  });

  test.each([
    ["(a)\\1", '"\\1"'],
    ["a(?<!b)c", '"(?<!"'],
    ["\\bword\\b", '"\\b"'],
    ["(?i)a", '"(?i)"'],
    ["a{2", '"{"'],
    ["[a", '"["'],
    ["(a", '"("'],
    ["a)", '")"'],
    ["*a", '"*"'],
    ["a^b", "^ elsewhere"],
    ["(?:(?=a)a)*b", "lookahead inside of a repetition"],
    ["\\p{NoSuchThing}", "\\p"],
    ["^(a?b?){500}$", "too large a grammar"],
    [`${"(".repeat(60)}a${")".repeat(60)}`, "deeper than 50"],
  ])("refuses %s, and says why", (pattern, reason) => {
    const compile = (): string => schemaToGbnf({ properties: { a: { type: "string", pattern, maxLength: 900 } } });
    expect(compile).toThrow("#/properties/a/pattern");
    expect(compile).toThrow(reason);
  });

  test("that nothing can match within its length is refused as a contradiction", () => {
    expect(() => schemaToGbnf({ type: "string", pattern: "^abc$", maxLength: 2 })).toThrow("# allows no value");
    expect(isProductive(schemaToGbnf({ type: "string", pattern: "^(?=a)[ab]$" }))).toBe(true);
  });

  test("does not take long, however it is written", () => {
    const nasty = [
      "^[a-z]{0,5000}[a-z0-9]{0,5000}$",
      "(a*)*b",
      "(a|a)*b",
      "^(a|ab|abc)*$",
      `^${"(a?b?c?)".repeat(30)}$`,
      "^(.*.*.*.*.*.*)$",
      "^((a{1,99}){1,99}){1,99}$",
      `^${"(x+x+)+".repeat(6)}y$`,
      `^(?!${".*a".repeat(12)})${"(?=.*b)".repeat(6)}.*$`,
      `${"a?".repeat(2000)}`,
      `^(${Array.from({ length: 3000 }, (_, i) => `w${i}`).join("|")})+$`,
      `^[${"\\p{L}\\p{N}\\p{P}\\p{S}".repeat(20)}]*$`,
    ];
    for (const pattern of nasty) {
      for (const lengths of [{}, { minLength: 10, maxLength: 4000 }, { maxLength: 100 }]) {
        const started = process.threadCpuUsage().user;
        matcherOf({ pattern, ...lengths, not: { const: "a" } });
        expect(
          (process.threadCpuUsage().user - started) / 1000,
          `${pattern.slice(0, 60)} ${JSON.stringify(lengths)}`,
        ).toBeLessThan(2500);
      }
    }
  });
});
