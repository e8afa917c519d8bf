import { availableParallelism } from "node:os";
import { expect, test } from "vitest";
import { ownCpus, parseCpus } from "../../../../../services/engine/llama/cpu/own-cpus.ts";

test.each([
  ["Name:\tnode\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\nMems_allowed:\t1\n", [0, 1]],
  ["Cpus_allowed_list:\t5\n", [5]],
  ["Cpus_allowed_list:\t0-2,8,10-11\n", [0, 1, 2, 8, 10, 11]],
])("reads %j", (status, cpus) => {
  expect(parseCpus(status)).toEqual(cpus);
});

test("a status without the list says nothing", () => {
  expect(parseCpus("Name:\tnode\n")).toBeUndefined();
});

test.runIf(process.platform === "linux")("finds at least the CPUs that Node counts", () => {
  expect(ownCpus()?.length).toBeGreaterThanOrEqual(availableParallelism());
});
