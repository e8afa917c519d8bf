import { expect, test } from "vitest";
import { larkToRegex } from "../../../shim/responses/to-proto/lark-to-regex.ts";

const matcher = (grammar: string) => new RegExp(`^(?:${larkToRegex(grammar)})$`);

/** The kind of grammar that coding agents send for their patches. */
const patch = `
start: begin_patch hunk+ end_patch
begin_patch: "*** Begin" LF
end_patch: "*** End" LF?

// a hunk
hunk: add_hunk | delete_hunk
  | move_hunk
add_hunk: "*** Add: " filename LF add_line+
delete_hunk: "*** Delete: " filename LF
move_hunk: "*** Move: " filename (" to " filename)? LF
filename: /(.+)/
add_line: "+" /(.*)/ LF -> line
%import common.LF
`;

test("reads a grammar of rules, alternatives, repetitions, groups and terminals", () => {
  const regex = matcher(patch);
  for (const text of [
    "*** Begin\n*** Add: a.txt\n+one\n+\n*** End\n",
    "*** Begin\n*** Delete: a\n*** Move: b to c\n*** End",
  ]) {
    expect(text).toMatch(regex);
  }
  for (const text of ["*** Begin\n*** End", "*** Begin\n*** Add: a.txt\n*** End", "*** Add: a\n+b\n"]) {
    expect(text).not.toMatch(regex);
  }
});

test.each([
  ['start: ("a" | "b")~2..3', "aba", "a"],
  ['start: ["x"] "y"+', "yy", "x"],
  ['start: "a.b*"', "a.b*", "aXb"],
  ['start: A "-" A\nA: /[0-9]{2}/', "12-34", "1-2"],
  ['start: (("a" "b")* "c")?', "ababc", "abab"],
])("%j takes %j and not %j", (grammar, right, wrong) => {
  expect(right).toMatch(matcher(grammar));
  expect(wrong).not.toMatch(matcher(grammar));
});

test.each([
  ['start: "a" start', "recursive"],
  ["start: other", "other is not there"],
  ['start: "a"\n%ignore " "', "%ignore is not known"],
  ["start: /a/i", "flags"],
  ['start: ("a"', "missing"],
  ["%import python.NAME\nstart: NAME", "%import is not known"],
  ['a: "b"', "start is not there"],
  [
    `start: a a\n${Array.from({ length: 20 }, (_, i) => `${"a".repeat(i + 1)}: ${"a".repeat(i + 2)} ${"a".repeat(i + 2)}`).join("\n")}\n${"a".repeat(21)}: "x"`,
    "too large",
  ],
])("says what it does not understand of %j", (grammar, why) => {
  expect(() => larkToRegex(grammar)).toThrow(why);
});
