import { expect, test } from "vitest";
import { helpText } from "../../../../cli/help/help.ts";
import { createVocabulary } from "../../../../config/vocabulary.ts";

const vocabulary = createVocabulary();
const lines = helpText(vocabulary).split("\n");

test("lists every setting once", () => {
  const flags = lines.flatMap((line) => /^ {2}--(\w+)(?= |$)/.exec(line)?.[1] ?? []).filter((name) => name !== "help");
  expect(flags.toSorted()).toEqual([...vocabulary.keys()].toSorted());
});

test("shows defaults, and how values are written", () => {
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}--port N {3,}.*\(default 8000\)$/));
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}--use_mmap BOOL {3,}.*\(default true\)$/));
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}--gpus VALUE… {3,}/));
});

test("fits a terminal", () => {
  expect(lines.filter((line) => line.length > 120)).toEqual([]);
});
