import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { packageRoot } from "../../../config/config.ts";

interface Entry {
  readonly os?: readonly string[];
  readonly resolved?: string;
}

const lock = JSON.parse(readFileSync(join(packageRoot, "package-lock.json"), "utf8")) as {
  packages: Readonly<Record<string, Entry>>;
};

test("no installation brings llama.cpp's builds for GPUs: a start fetches the one that the machine needs (npm run lock)", () => {
  const builds = Object.entries(lock.packages).filter(([path]) => /@node-llama-cpp\/.*(cuda|vulkan)/.test(path));
  expect(builds.length).toBeGreaterThan(0);
  for (const [path, { os }] of builds) expect({ path, os }).toEqual({ path, os: ["none"] });
});

test("the lockfile names no registry, so that the user's own is asked", () => {
  const resolved = Object.values(lock.packages).flatMap((entry) => entry.resolved ?? []);
  expect(resolved.filter((url) => url.startsWith("http"))).toEqual([]);
});
