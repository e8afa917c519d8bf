import fc from "fast-check";

const times = fc.oneof(
  { weight: 3, arbitrary: fc.constant("") },
  { weight: 2, arbitrary: fc.constantFrom("?", "*", "+", "{2}", "{0,2}", "{1,3}", "{2,}", "{0}") },
);

/** Small grammars in GBNF over few characters, without left recursion: a rule's name always stands behind a text. */
export const arbitraryGbnf: fc.Arbitrary<string> = fc
  .array(body(), { minLength: 1, maxLength: 3 })
  .map((bodies) =>
    bodies
      .map((text, index) => `${index === 0 ? "root" : `r${index}`} ::= ${withNames(text, bodies.length)}\n`)
      .join(""),
  );

function body(): fc.Arbitrary<string> {
  const { choice } = fc.letrec<{ choice: string; sequence: string; item: string; atom: string }>((tie) => ({
    choice: fc.array(tie("sequence"), { minLength: 1, maxLength: 3 }).map((each) => each.join(" | ")),
    sequence: fc.array(tie("item"), { maxLength: 3 }).map((each) => (each.length === 0 ? `""` : each.join(" "))),
    item: fc.tuple(tie("atom"), times).map(([atom, suffix]) => `${atom}${suffix}`),
    atom: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.constantFrom('"a"', '"b"', '"ab"', '"aé"', '"日"', "[ab]", "[^a]", "[a-c]", "[é-ü]", "[b日]"),
      fc.constantFrom('("a" REF)', '("b" REF "a")'),
      tie("choice").map((inner) => `( ${inner} )`),
    ),
  }));
  return choice;
}

function withNames(text: string, rules: number): string {
  let next = 0;
  return text.replaceAll("REF", () => {
    const rule = next++ % rules;
    return rule === 0 ? "root" : `r${rule}`;
  });
}

/** Texts over the same characters. */
export const arbitraryText: fc.Arbitrary<string> = fc
  .array(fc.constantFrom("a", "b", "c", "é", "ü", "日"), { maxLength: 8 })
  .map((characters) => characters.join(""));
