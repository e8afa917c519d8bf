import { afterAll, beforeAll, expect, test } from "vitest";
import { parseOptions } from "../../bench/run/options.ts";
import { runBench } from "../../bench/run/run-bench.ts";
import { scenarios } from "../../bench/scenarios/scenarios.ts";
import type { Server } from "../../bench/servers/server.ts";
import { startServer } from "../../bench/servers/start-server.ts";
import { writeModelFiles } from "../support/multimodal-cases.ts";
import { buildMs, buildMultimodal, hasMultimodal } from "../support/multimodal-library.ts";
import { tinyGuidePath } from "../support/tiny-guide.ts";

const models = ["--model", "--tiny-model", "--embedding-model"].flatMap((flag) => [flag, tinyGuidePath]);
const small = ["--users", "1,4", "--rounds", "1", "--scale", "0.05", "--llama-server", "none"];

/** One server for all that the scenarios ask for: what is measured here is the bench. */
let server: Server;

beforeAll(async () => {
  if (hasMultimodal) await buildMultimodal();
  const projector = hasMultimodal ? { projector: writeModelFiles("llava").clip_model_path } : {};
  const sizes = { slots: 4, contextLength: 512, threads: 1 };
  server = await startServer({ kind: "tokenwire", model: tinyGuidePath, ...sizes, ...projector }, "");
}, buildMs);
afterAll(() => server.stop());

async function run(scenario: string) {
  const only = scenario === "grammar-masks" ? ["--only", "49152"] : [];
  const options = parseOptions([scenario, ...models, ...small, ...only]);
  const { scenarios: results } = await runBench(
    { ...options, warmUps: 0 },
    {
      start: ({ kind, name = kind }) =>
        Promise.resolve(kind === "tokenwire" ? { ...server, name, stop: () => Promise.resolve() } : undefined),
      print: () => {},
    },
  );
  return results.flatMap(({ cases }) => cases);
}

const measurable = scenarios.map(({ name }) => name).filter((name) => name !== "picture" || hasMultimodal);

test.each(measurable)("%s has figures in each case", async (name) => {
  const cases = await run(name);
  expect(cases).not.toEqual([]);
  for (const { rounds } of cases) {
    const [figures = {}] = rounds["tokenwire"] ?? [];
    expect(Object.keys(figures)).not.toEqual([]);
    expect(Object.values(figures).filter((value) => !Number.isFinite(value))).toEqual([]);
  }
});

test("users fill the batches, and the server counts what they count", async () => {
  const [result] = await run("agreement");
  const [figures = {}] = result?.rounds["tokenwire"] ?? [];
  expect(figures["meanBatch"]).toBeGreaterThan(2.5);
  // How many are in flight is sampled, which takes a longer run than this one.
  expect(figures).toMatchObject({ requestsOff: 0, promptTokensOff: 0, completionTokensOff: 0 });
});
