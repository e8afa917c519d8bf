import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { commandNames } from "../../../../cli/arguments/commands.ts";
import { completionScript } from "../../../../cli/completion/completion.ts";
import { createVocabulary } from "../../../../config/vocabulary.ts";

const vocabulary = createVocabulary();

/** What bash offers for the last of the words. */
function offered(...words: string[]): string[] {
  const script = `${completionScript("bash", vocabulary)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}
_tokenwire; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync("bash", ["--norc"], { input: script, encoding: "utf8" });
  expect(stderr).toBe("");
  return stdout.split("\n").filter((line) => line !== "");
}

describe.skipIf(spawnSync("bash", ["--version"]).error !== undefined)("bash", () => {
  test("offers commands", () => {
    expect(offered("tokenwire", "")).toEqual(commandNames);
    expect(offered("tokenwire", "co")).toEqual(["completion"]);
  });

  test("offers a command's flags, and settings where it takes them", () => {
    expect(offered("tokenwire", "run", "m", "--s")).toEqual(["--system", "--seed"]);
    expect(offered("tokenwire", "serve", "--n_sl")).toEqual(["--n_slots"]);
    expect(offered("tokenwire", "--n_sl")).toEqual(["--n_slots"]);
    expect(offered("tokenwire", "completion", "f")).toEqual(["fish"]);
    expect(offered("tokenwire", "help", "doc")).toEqual(["doctor"]);
  });
});

test.each(["zsh", "fish"])("%s knows every command", (shell) => {
  const script = completionScript(shell, vocabulary);
  for (const name of commandNames) expect(script).toContain(` ${name}`.trimStart());
  expect(script).toMatch(/max_tokens/);
});

test("another shell is refused", () => {
  expect(() => completionScript("tcsh", vocabulary)).toThrow('there is no completion for "tcsh": use bash, zsh, fish');
});
