import { describe, expect, test } from "vitest";
import { GrammarError } from "../../../../services/engine/grammar/gbnf/grammar-error.ts";
import { compileGrammar } from "../../../../services/engine/grammar/program/compile-grammar.ts";
import { read } from "./support.ts";

function refusal(gbnf: string): string {
  try {
    compileGrammar(gbnf);
  } catch (error) {
    expect(error).toBeInstanceOf(GrammarError);
    return (error as GrammarError).message;
  }
  throw new Error(`is not refused: ${gbnf.slice(0, 200)}`);
}

describe("a grammar that cannot be used is refused with what is wrong, and where", () => {
  test.for<readonly [gbnf: string, message: string]>([
    ["", "it has no rules"],
    ["# nothing\n", "it has no rules"],
    ['start ::= "a"', 'it has no rule "root", which is where a text begins (it has: start)'],
    [
      'root ::= "a"{5,2}',
      "line 1, column 13: the repetition {5,2} has a minimum above its maximum: did you mean {2,5}?",
    ],
    ['root ::= "a"{ 5 , 2 }', "line 1, column 13: the repetition {5,2} has a minimum above its maximum"],
    ['root ::= ("a" [b]){3,1}*', "line 1, column 19: the repetition {3,1} has a minimum"],
    ['root ::= "a"\nb ::= "c" d', 'line 2, column 11: rule "b" refers to "d", which is not defined'],
    ['root ::= b\nb ::= "x"? c\nc ::= b', 'line 3, column 7: rule "b" begins with itself (b → c → b): left recursion'],
    ["root ::= root", 'line 1, column 10: rule "root" begins with itself (root → root)'],
    ['root ::= ("a"? root)? "b"', 'rule "root" begins with itself'],
    ["root ::= (", "line 1, column 10: this group is never closed: a ) is missing"],
    ['root ::= "a" )', 'line 1, column 14: this ")" closes nothing (rule "root")'],
    ['root ::= "a', 'line 1, column 10: this text is never closed: a " is missing'],
    ["root ::= [a", "line 1, column 10: this character class is never closed: a ] is missing"],
    ["root ::= [a-", "line 1, column 10: this character class is never closed"],
    ["root ::= []", "line 1, column 10: this character class has no characters"],
    ["root ::= [z-a]", "line 1, column 11: the range z-a ends before it begins"],
    ['root ::= "\\q"', "line 1, column 11: there is no escape \\q"],
    ['root ::= "\\x4"', "line 1, column 11: \\x needs 2 hexadecimal digits"],
    ['root ::= "\\U00110000"', "line 1, column 11: \\U00110000 is above the last code point"],
    ["root ::= *", "line 1, column 10: there is nothing in front of this repetition to repeat"],
    ['root ::= ""+', "line 1, column 12: there is nothing in front of this repetition"],
    ['root ::= "a"{,3}', "line 1, column 14: expected a number"],
    ['root ::= "a"{3', "line 1, column 15: expected a repetition like {2}"],
    ['root ::= "a"{99999999999}', "line 1, column 14: a repetition may count to 1000000, not 99999999999"],
    ['root = "a"', 'line 1, column 6: expected ::= behind the rule\'s name "root"'],
    ['my_rule ::= "a"', 'line 1, column 3: expected ::= behind the rule\'s name "my"'],
    ['root ::= "a"\n\n  ??', "line 3, column 3: expected a rule's name"],
    ["root ::= <[x]>", "line 1, column 10: expected a token"],
    ["root ::= <[1]", "line 1, column 10: expected a token"],
    ['root ::= "a" ä', 'line 1, column 14: cannot read "ä" here (rule "root")'],
  ])("%s", ([gbnf, message]) => {
    expect(refusal(gbnf)).toContain(message);
  });

  test("what is too large says so before it is written out", () => {
    expect(refusal('root ::= "ab"{1000000}')).toContain("it is too large: with its repetitions written out");
    expect(refusal(`root ::= ${'("a"? '.repeat(600)}${")".repeat(600)}`)).toContain("nested more than 500 deep");
    expect(refusal(`root ::= "a"${"*".repeat(100_000)}`)).toContain("repetitions of one another");
    expect(refusal(`root ::= "${"a".repeat(3_000_000)}"`)).toContain(
      "it has 3000011 characters, and 2097152 are served",
    );
    expect(refusal(`root ::= "b"{900000} "c"{900000}`)).toContain("it is too large");
  });

  test("a chain of rules may be as long as the text", () => {
    const rules = Array.from({ length: 20_000 }, (_, i) => `r${i} ::= "a"? r${i + 1}\n`).join("");
    expect(refusal(`root ::= r0\n${rules}r20000 ::= root`)).toContain("r0 → r1 → r2 → … → r19999 → r20000 → root");
  });
});

describe("GBNF is read as llama.cpp reads it", () => {
  test.for<readonly [gbnf: string, takes: readonly string[], refuses: readonly string[]]>([
    ['root ::= "a" | "b" # comment\n # another\n', ["a", "b"], ["", "ab", "c"]],
    ['root ::= (\n "a"\n | "b" # here\n )+\r\n\r\n', ["a", "bab"], [""]],
    ['root ::=\n  "a" |\n "b"', ["a", "b"], ["ab"]],
    ['root ::= "ab"*', ["", "ab", "abab"], ["a", "aba"]],
    ['root ::= "a"{2}b{1,}c{0,2}d{0}\nb ::= "b"\nc ::= "c"\nd ::= "d"', ["aab", "aabbbcc"], ["ab", "aabccc", "aabd"]],
    ['root ::= "a"{ 1 , 2 }', ["a", "aa"], ["", "aaa"]],
    [String.raw`root ::= "\x41\u00e9\U0001F389\n\t\r\\\"\[\]"`, ['Aé🎉\n\t\r\\"[]'], ["A"]],
    [String.raw`root ::= [a\-\]\[\\^-]+`, ["-][\\^a"], ["b"]],
    ["root ::= [^a-y]", ["z", "é", "\n", "日"], ["a", "m", "y", "zz"]],
    ["root ::= .", ["a", "\n", "🎉"], ["", "ab"]],
    ['root ::= x\nx ::= "1"\nx ::= "2"', ["2"], ["1"]],
    ['root ::= "a" root | ""', ["", "aaaa"], ["b"]],
    ['root ::= "" "a" ("" | "b")', ["a", "ab"], ["b"]],
    ['root ::= ("a"?)*?+ "b"', ["b", "aab"], ["a"]],
    ['root ::= 1x-Y\n1x-Y ::= "k"', ["k"], [""]],
  ])("%s", ([gbnf, takes, refuses]) => {
    for (const text of takes) expect({ text, ...read(gbnf, text) }).toMatchObject({ text, matches: true });
    for (const text of refuses) expect({ text, ...read(gbnf, text) }).toMatchObject({ text, matches: false });
  });
});
