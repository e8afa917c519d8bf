import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { PageFolder } from "./page-folder.ts";
import type { DocBlock } from "./read-blocks.ts";
import { compare, run } from "./run-block.ts";

export interface ProgramRun {
  readonly block: DocBlock;
  readonly problem: string | undefined;
}

const lib = ["es2024", "esnext.disposable", "esnext.array"];

/** Runs the TypeScript of all pages in one process, in turn, after the compiler has read it. */
export async function runPrograms(blocks: readonly DocBlock[], folder: PageFolder): Promise<ProgramRun[]> {
  const clients = new URL("../../../clients/", import.meta.url).pathname;
  const files = blocks.map((block, index) => {
    const file = join(folder.path, `block-${index}.ts`);
    const written = folder
      .here(block.text)
      .replaceAll(/"(?:tokenwire|@tokenwire\/client)\/trpc"/g, JSON.stringify(`${clients}trpc/client.ts`))
      .replaceAll(/"(?:tokenwire|@tokenwire\/client)"/g, JSON.stringify(`${clients}index.ts`));
    writeFileSync(file, `${written}\nexport {};\n`);
    return file;
  });
  const root = new URL("../../../", import.meta.url).pathname;
  writeFileSync(join(folder.path, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(
    join(folder.path, "tsconfig.json"),
    JSON.stringify({
      extends: `${root}tsconfig.json`,
      compilerOptions: {
        lib: [...lib, "dom"],
        rewriteRelativeImportExtensions: false,
        allowImportingTsExtensions: true,
      },
      files: files.map((file) => basename(file)),
    }),
  );
  const checked = await run(join(root, "node_modules/.bin/tsc"), ["-p", folder.path], folder);
  const runner = new URL("run-modules.ts", import.meta.url).pathname;
  const { out, errors } = await run(process.execPath, [runner, ...files], folder);
  const results = out
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as ModuleResult);
  return blocks.map((block, index) => {
    const types = checked.out.split("\n").find((line) => line.includes(`block-${index}.ts`));
    const result = results.find(({ file }) => file === files[index]);
    const problem =
      types ??
      result?.error ??
      (result === undefined ? `it did not run: ${errors}` : compare(block.output, result.out));
    return { block, problem };
  });
}

interface ModuleResult {
  readonly file: string;
  readonly out: string;
  readonly error?: string;
}
