import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePageFolder } from "../support/docs/page-folder.ts";
import { readBlocks } from "../support/docs/read-blocks.ts";
import { runBlock } from "../support/docs/run-block.ts";
import { runPrograms } from "../support/docs/run-programs.ts";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";

/**
 * Every block of the pages that users read is run against one server with the demo model, as far as a machine without a
 * GPU, Docker or a network can; what it cannot run says beside its language what it needs.
 */
const root = fileURLToPath(new URL("../../", import.meta.url));
const pages = globSync(["README.md", "README.ja.md", "docs/**/*.md"], { cwd: root }).sort();
const blocksOf = (page: string) => readBlocks(page, readFileSync(`${root}${page}`, "utf8"));

let tokenwire: Tokenwire;

beforeAll(async () => {
  tokenwire = await startTokenwire({ args: ["--n_threads", "1", "--n_threads_batch", "1"] });
});

afterAll(() => tokenwire[Symbol.asyncDispose]());

test.concurrent.each(pages)("the commands and configurations of %s do what the page says", async (page) => {
  const blocks = blocksOf(page).filter(({ language }) => language !== "ts");
  using folder = makePageFolder(tokenwire);
  const problems: string[] = [];
  // In turn: a page's commands build on each other.
  for (const block of blocks) {
    const problem = await runBlock(block, folder);
    if (problem !== undefined) problems.push(`${block.at}: ${problem}`);
  }
  expect(problems).toEqual([]);
});

test("the TypeScript of all pages compiles and runs", async () => {
  const blocks = pages.flatMap(blocksOf).filter(({ language, needs }) => language === "ts" && needs === undefined);
  using folder = makePageFolder(tokenwire);
  const runs = await runPrograms(blocks, folder);
  expect(
    runs.filter(({ problem }) => problem !== undefined).map(({ block, problem }) => `${block.at}: ${problem}`),
  ).toEqual([]);
});
