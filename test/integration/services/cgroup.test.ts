import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import process from "node:process";
import { expect, test } from "vitest";

const limitBytes = 512 * 2 ** 20;
/** Version 1 has a folder for memory, version 2 one for all; where neither lets us make a group, there is nothing to test. */
const versions = [
  { root: "/sys/fs/cgroup/memory", file: "memory.limit_in_bytes" },
  { root: "/sys/fs/cgroup", file: "memory.max" },
];
const group = versions.map(({ root, file }) => makeGroup(root, file)).find((made) => made !== undefined);
if (group === undefined) console.warn("The test of a real cgroup is skipped: none can be made here");

function makeGroup(root: string, file: string): string | undefined {
  const folder = `${root}/tokenwire-test-${process.pid}`;
  try {
    mkdirSync(`${folder}/inner`, { recursive: true });
    if (!existsSync(`${folder}/${file}`)) throw new Error("memory is not limited here");
    writeFileSync(`${folder}/${file}`, String(limitBytes));
    return folder;
  } catch {
    removeGroup(folder);
    return undefined;
  }
}

function removeGroup(folder: string): void {
  for (const path of [`${folder}/inner`, folder]) if (existsSync(path)) rmdirSync(path);
}

test.skipIf(group === undefined)("RAM is what the cgroup above ours leaves, in a real one", () => {
  const folder = group ?? "";
  const ram = new URL("../../../services/memory/ram.ts", import.meta.url).href;
  const script = `
    require("node:fs").writeFileSync("${folder}/inner/cgroup.procs", String(process.pid));
    const taken = Buffer.alloc(100 * 2 ** 20, 1);
    import("${ram}").then(({ readRam }) => console.log(JSON.stringify([readRam(), taken.length])));`;
  try {
    const [facts] = JSON.parse(execFileSync(process.execPath, ["-e", script], { encoding: "utf8" })) as [
      { readonly totalBytes: number; readonly availableBytes: number },
    ];
    expect(facts.totalBytes).toBe(limitBytes);
    expect(facts.availableBytes).toBeLessThan(limitBytes - 100 * 2 ** 20);
    expect(facts.availableBytes).toBeGreaterThan(limitBytes - 300 * 2 ** 20);
  } finally {
    removeGroup(folder);
  }
});
