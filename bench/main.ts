import { writeFileSync } from "node:fs";
import { parseOptions } from "./run/options.ts";
import { runBench } from "./run/run-bench.ts";

const args = process.argv.slice(2);
const options = parseOptions(args);
const result = await runBench(options, `npm run bench -- ${args.join(" ")}`, (text) => console.log(text));
if (options.json !== undefined) writeFileSync(options.json, JSON.stringify(result, undefined, 1) + "\n");
