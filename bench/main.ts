import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { plotsOf } from "./report/plots.ts";
import { parseOptions } from "./run/options.ts";
import { runBench } from "./run/run-bench.ts";
import { startServer } from "./servers/start-server.ts";

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const options = parseOptions(process.argv.slice(2));
const { llamaServer, json, out } = options;
const result = await runBench(options, {
  start: async (spec) =>
    spec.kind === "llama-server" && llamaServer === undefined ? undefined : startServer(spec, llamaServer ?? ""),
  print: (text) => console.log(text),
});
if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, undefined, 1)}\n`);
if (out !== undefined) {
  mkdirSync(out, { recursive: true });
  for (const { file, svg } of result.scenarios.flatMap(plotsOf)) writeFileSync(join(out, file), svg);
}
