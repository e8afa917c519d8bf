import { describe, expect, test } from "vitest";
import { commandNames, commands } from "../../../../cli/arguments/commands.ts";
import { numberOf, parseWords } from "../../../../cli/arguments/parse-words.ts";
import { parseBench } from "../../../../cli/bench/parse-bench.ts";
import { parseChat, parseRun } from "../../../../cli/chat/parse-chat.ts";
import { commandHelp } from "../../../../cli/help/command-help.ts";
import { createVocabulary } from "../../../../config/vocabulary.ts";

test("flags may stand anywhere, and lists and switches are told apart", () => {
  const { flags, operands } = parseWords("run", ["--file=a", "m", "--json", "hi", "--file", "b", "--max-tokens", "4"]);
  expect(operands).toEqual(["m", "hi"]);
  expect(Object.fromEntries(flags)).toEqual({ file: ["a", "b"], json: ["true"], max_tokens: ["4"] });
});

test("what follows -- is a prompt, and a minus alone is a word", () => {
  expect(parseWords("run", ["m", "--", "--help"]).operands).toEqual(["m", "--help"]);
  expect(parseWords("run", ["m", "-"]).operands).toEqual(["m", "-"]);
});

test.each([
  [["m", "--jsn"], /^--jsn is not a flag of run \(did you mean --json\?\): it has --system, /],
  [["m", "--system"], /^--system needs a value: --system TEXT/],
  [["m", "--system", "--json"], /^--system needs a value/],
  [["m", "--json=no"], /^--json is a switch/],
  [["m", "--seed", "1", "--seed", "2"], /^--seed is given twice/],
  [[], /^a word is missing: tokenwire run MODEL \[PROMPT\]$/],
  [["m", "two", "words"], /^run does not take "words": .* \(quote what has spaces\)$/],
])("%j is refused", (words, message) => {
  expect(() => parseWords("run", words)).toThrow(message);
});

test.each(["x", "", "-1", "1.5", "Infinity"])("max_tokens %j is refused", (value) => {
  const words = parseWords("run", ["m", `--max_tokens=${value}`]);
  expect(() => numberOf(words, "max_tokens", { min: 1, whole: true })).toThrow(
    /^--max_tokens is ".*": must be a whole number from 1 to /,
  );
});

describe("commands for a running server", () => {
  test("say which server by flag, then variable, then default", () => {
    expect(parseChat([], {}).server).toEqual({ address: "127.0.0.1:50051", apiKey: undefined, ca: undefined });
    const env = { TOKENWIRE_ADDRESS: "a:1", TOKENWIRE_API_KEY: "k" };
    expect(parseChat(["--tls"], env).server).toEqual({ address: "a:1", apiKey: "k", ca: "" });
    expect(parseChat(["--address", "b:2", "--ca-certfile", "c"], env).server).toEqual({
      address: "b:2",
      apiKey: "k",
      ca: "c",
    });
  });

  test("hand on what was said of sampling, and nothing else", () => {
    expect(parseChat(["m"], {}).generation).toEqual({});
    const run = parseRun(["m", "hi", "--temperature", "0", "--top_p=.5", "--max_tokens=3", "--seed=7"], {});
    expect(run).toMatchObject({ prompt: "hi", generation: { temperature: 0, topP: 0.5, maxTokens: 3, seed: 7 } });
  });

  test("bench has numbers of users", () => {
    expect(parseBench([], {})).toMatchObject({ model: "", users: [1, 8], promptTokens: 256, maxTokens: 64 });
    expect(parseBench(["m", "--users", "2,4"], {}).users).toEqual([2, 4]);
    expect(() => parseBench(["--users", "0"], {})).toThrow(/^--users is "0"/);
  });
});

test.each(commandNames)("help %s names its flags and fits a terminal", (name) => {
  const lines = commandHelp(name, createVocabulary()).split("\n");
  expect(lines[0]).toBe(`tokenwire ${name} ${commands[name].usage}`.trim());
  for (const flag of Object.keys(commands[name].options))
    expect(lines).toContainEqual(expect.stringMatching(`^  --${flag}( |$)`));
  expect(lines.filter((line) => line.length > 120)).toEqual([]);
});
