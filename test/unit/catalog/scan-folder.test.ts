import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { receiptOf, scanFolder } from "../../../services/catalog/scan-folder.ts";

function folderOf(files: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "tw-scan-"));
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), file.includes("empty") ? "" : "GGUF\x03\0\0\0");
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

test("every GGUF file is a model under its path, a split one once, and a projector is none", () => {
  using ctx = folderOf([
    "a.gguf",
    "deep/b.GGUF",
    "big-00001-of-00002.gguf",
    "big-00002-of-00002.gguf",
    "eye/eye.gguf",
    "eye/mmproj-eye.gguf",
    "readme.md",
    "x.gguf.part",
  ]);
  const { models, faults } = scanFolder(ctx.folder);
  expect(models.map(({ id }) => id)).toEqual(["a", "big", "deep/b", "eye/eye"]);
  expect(models.at(-1)?.projector).toBe(join(ctx.folder, "eye/mmproj-eye.gguf"));
  expect(faults).toEqual([]);
});

test("a file that is not a model is named, and the others are found", () => {
  using ctx = folderOf(["a.gguf", "empty.gguf", "lost-00001-of-00002.gguf"]);
  mkdirSync(join(ctx.folder, "folder.gguf"));
  execFileSync("mkfifo", [join(ctx.folder, "pipe.gguf")]);
  const { models, faults } = scanFolder(ctx.folder);
  expect(models.map(({ id }) => id)).toEqual(["a"]);
  expect(faults.join()).toContain("empty.gguf");
  expect(faults.join()).toContain("lost-00001-of-00002.gguf");
});

test("a file's stamp changes with its contents, and with them alone", () => {
  using ctx = folderOf(["a.gguf"]);
  const stamp = () => scanFolder(ctx.folder).models[0]?.stamp;
  const before = stamp();
  expect(stamp()).toBe(before);
  appendFileSync(join(ctx.folder, "a.gguf"), "more");
  expect(stamp()).not.toBe(before);
});

test("a file with a receipt was pulled, and a folder that is not there has no models", () => {
  using ctx = folderOf(["a.gguf", "b.gguf"]);
  writeFileSync(receiptOf(join(ctx.folder, "b.gguf")), "{}");
  expect(scanFolder(ctx.folder).models.map(({ pulled }) => pulled)).toEqual([false, true]);
  expect(scanFolder(join(ctx.folder, "none"))).toEqual({ models: [], faults: [] });
});
