import { expect, test } from "vitest";
import { matchesPattern } from "../../../services/hub/matches-pattern.ts";

// What Python 3.11's fnmatch.fnmatchcase says.
test.each([
  ["model-Q4_K_M.gguf", "*Q4_K_M.gguf", true],
  ["model-Q4_K_M.gguf", "*q4_k_m.gguf", false],
  ["deep/er/model.gguf", "*.gguf", true],
  ["deep/er/model.gguf", "model.gguf", false],
  ["a.gguf", "?.gguf", true],
  ["/.gguf", "?.gguf", true],
  ["ab.gguf", "?.gguf", false],
  ["b", "[abc]", true],
  ["b", "[!abc]", false],
  ["d", "[a-c]", false],
  ["b", "[a-c]", true],
  ["-", "[a-c-e]", true],
  ["b", "[c-a]", false],
  ["]", "[]]", true],
  ["]", "[!]]", false],
  ["[", "[", true],
  ["[]", "[]", true],
  ["[!]", "[!]", true],
  [".", "[!]", false],
  ["[.", "[!-/*]*", true],
  ["a.b", "a.b", true],
  ["axb", "a.b", false],
  ["a(b)|c\\d", "a(b)|c\\d", true],
  ["a\nb", "a*b", true],
  ["東京", "東?", true],
  ["", "*", true],
])("%j against %j: %j", (name, pattern, matches) => {
  expect(matchesPattern(name, pattern)).toBe(matches);
});
