import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Contender, Scenario } from "../run/scenario.ts";

const run = promisify(execFile);
const program = fileURLToPath(new URL("../grammar-masks.ts", import.meta.url));

/** How long the allowed tokens of a grammar's state take to find. */
export const grammarMasks: Scenario = {
  name: "grammar-masks",
  summary: "The masks of a JSON schema over a made-up vocabulary, in processor time, after the first answer by it.",
  groups: ({ scale }) => [
    {
      servers: [],
      contenders: [masks(Math.max(2, Math.round(20 * scale)))],
      cases: [49_152, 262_144].map((tokens) => ({
        name: `${tokens} tokens`,
        goals: [
          { kind: "value", figure: "maskP50Ms", max: 0.1 },
          { kind: "value", figure: "maskP99Ms", max: 1 },
        ],
      })),
    },
  ],
};

interface Times {
  readonly laterAnswers: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
}

function masks(answers: number): Contender {
  return {
    name: "tokenwire",
    warmUps: 0,
    async run(name) {
      const args = [program, "--tokens", String(Number.parseInt(name, 10)), "--answers", String(answers)];
      const { stdout } = await run(process.execPath, args);
      const { p50Ms, p99Ms, maxMs } = (JSON.parse(stdout) as Times).laterAnswers;
      return { maskP50Ms: p50Ms, maskP99Ms: p99Ms, maskMaxMs: maxMs };
    },
  };
}
