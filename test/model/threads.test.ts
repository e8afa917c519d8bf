import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ownCpus, parseCpus } from "../../services/engine/llama/own-cpus.ts";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";

const cpus = ownCpus() ?? [];
const canBind = process.platform === "linux" && cpus.length > 1;

describe.runIf(canBind)("compute threads", () => {
  test("keep to a CPU each where every one computes, and leave one to their caller", async () => {
    await using tokenwire = await startTokenwire({ args: ["--n_threads", String(cpus.length)] });
    const { main, others } = await placesAfterAnAnswer(tokenwire);
    expect(main).toEqual(cpus);
    const bound = new Set(others.filter((places) => places.length === 1).flat());
    expect([...bound]).toEqual(expect.arrayContaining(cpus.slice(0, -1)));
  });

  test("go where there is room when they are fewer", async () => {
    await using tokenwire = await startTokenwire({ args: ["--n_threads", String(cpus.length - 1)] });
    const { main, others } = await placesAfterAnAnswer(tokenwire);
    for (const places of [main, ...others]) expect(places).toEqual(cpus);
  });
});

/** The CPUs on which each thread of the worker may run. */
async function placesAfterAnAnswer(tokenwire: Tokenwire) {
  const request = { prompt: { kind: { case: "text" as const, value: "Once" } }, options: { maxTokens: 20 } };
  await Array.fromAsync(tokenwire.client.inference.complete(request));
  const [worker] = await tokenwire.workers();
  const tasks = readdirSync(`/proc/${worker}/task`);
  const placesOf = (task: string) => parseCpus(readFileSync(`/proc/${worker}/task/${task}/status`, "utf8")) ?? [];
  return {
    main: placesOf(String(worker)),
    others: tasks.filter((task) => task !== String(worker)).map(placesOf),
  };
}
