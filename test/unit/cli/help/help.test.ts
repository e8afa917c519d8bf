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
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}--use_mmap true\|false {3,}.*\(default true\)$/));
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}--gpus N… {3,}/));
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}--n_threads N {3,}/));
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}--ssl_keyfile PATH {3,}/));
  expect(lines).toContain("  --split_mode none|layer|row|tensor");
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}--manage_models true\|false\|auto /));
});

test("names the choices of a setting that has too many for its place", () => {
  const text = lines.join(" ").replace(/ +/g, " ");
  expect(text).toMatch(/--log_level NAME [^-]+ One of silent, fatal, error, warn, info, debug, trace\./);
  expect(text).toMatch(/--n_gpu_layers N\|auto /);
  // Its text names them.
  expect(text).toMatch(/--rope_scaling_type NAME (?!.*? One of unspecified)/);
});

test("fits a terminal", () => {
  expect(lines.filter((line) => line.length > 120)).toEqual([]);
});
