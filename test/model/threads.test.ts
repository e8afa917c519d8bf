import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ownCpus, parseCpus } from "../../services/engine/llama/cpu/own-cpus.ts";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";

const cpus = ownCpus() ?? [];
const canBind = process.platform === "linux" && cpus.length > 1;

describe.runIf(canBind)("compute threads", () => {
  const everyCpu = String(cpus.length);

  test("keep to a CPU each where every one computes, and leave the last to their caller", async () => {
    await using tokenwire = await startTokenwire({ args: ["--n_threads", everyCpu] });
    const places = await placesAfterAnAnswer(tokenwire);
    expect(places.filter(({ length }) => length === 1).flat()).toEqual(cpus.slice(0, -1));
    // All others may run anywhere, those that deliver the tokens above all.
    expect(places.filter(({ length }) => length !== 1 && length !== cpus.length)).toEqual([]);
  });

  test.each([
    ["always", ["--n_threads", String(cpus.length - 1)]],
    ["after a prompt with all of them", ["--n_threads", String(cpus.length - 1), "--n_threads_batch", everyCpu]],
  ])("go where there is room when they are fewer: %s", async (_, args) => {
    await using tokenwire = await startTokenwire({ args });
    for (const places of await placesAfterAnAnswer(tokenwire)) expect(places).toEqual(cpus);
  });
});

/** The CPUs on which each thread of the worker may run. */
async function placesAfterAnAnswer(tokenwire: Tokenwire): Promise<(readonly number[])[]> {
  const prompt = { kind: { case: "text" as const, value: "Once upon a time" } };
  await Array.fromAsync(tokenwire.client.inference.complete({ prompt, options: { maxTokens: 20, ignoreEos: true } }));
  const [worker] = await tokenwire.workers();
  return readdirSync(`/proc/${worker}/task`).map(
    (task) => parseCpus(readFileSync(`/proc/${worker}/task/${task}/status`, "utf8")) ?? [],
  );
}
