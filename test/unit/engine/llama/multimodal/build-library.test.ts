import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { buildLibrary } from "../../../../../services/engine/llama/multimodal/library/build-library.ts";
import { libraryFile } from "../../../../../services/engine/llama/multimodal/library/library-place.ts";

const version = { release: "v1", key: "v1-here" };
let folder: string;
let compiled: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tw-build-"));
  compiled = 0;
});
afterEach(() => rm(folder, { recursive: true }));

const options = () => ({
  folder,
  info() {},
  async compile({ target }: { readonly target: string }) {
    compiled++;
    await writeFile(target, "library");
  },
});

test("several at once build one library", async () => {
  const files = await Promise.all([1, 2, 3].map(() => buildLibrary(version, options())));
  expect(new Set(files)).toEqual(new Set([libraryFile(folder, version)]));
  expect(readFileSync(files[0] ?? "", "utf8")).toBe("library");
  expect(compiled).toBe(1);
  expect(readdirSync(folder)).toEqual([version.key]);
});

test("what is there is not built again", async () => {
  await buildLibrary(version, options());
  await buildLibrary(version, options());
  expect(compiled).toBe(1);
});

test("a build that fails leaves nothing, and the next one begins anew", async () => {
  const failing = { ...options(), compile: async () => Promise.reject(new Error("no compiler")) };
  await expect(buildLibrary(version, failing)).rejects.toThrow("no compiler");
  expect(readdirSync(folder)).toEqual([]);
  await buildLibrary(version, options());
  expect(existsSync(libraryFile(folder, version))).toBe(true);
});

test("who died while building is not waited for", async () => {
  const lock = join(folder, `${version.key}.lock`);
  await writeFile(lock, "");
  await utimes(lock, new Date(0), new Date(0));
  await buildLibrary(version, options());
  expect(compiled).toBe(1);
});
