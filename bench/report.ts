import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { markdownReport, mergeRuns } from "./report/markdown.ts";
import { plotsOf } from "./report/plots.ts";
import type { RunResult } from "./run/result.ts";

// Writes the part of docs/performance.md that is measured, and its pictures, from the JSON of runs.
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    page: { type: "string", default: fileURLToPath(new URL("../docs/performance.md", import.meta.url)) },
    out: { type: "string", default: fileURLToPath(new URL("../docs/performance", import.meta.url)) },
  },
});
if (positionals.length === 0) throw new Error("name the JSON files of runs");

const begin = "<!-- measured: npm run bench:report writes what follows -->";
const runs = positionals.map((path) => JSON.parse(readFileSync(path, "utf8")) as RunResult);
const text = readFileSync(values.page, "utf8");
const [before = ""] = text.split(begin);
const folder = relative(dirname(values.page), values.out);
mkdirSync(values.out, { recursive: true });
for (const { file, svg } of mergeRuns(runs).flatMap(plotsOf)) writeFileSync(join(values.out, file), svg);
writeFileSync(values.page, `${before}${begin}\n\n${markdownReport(runs, folder)}\n`);
