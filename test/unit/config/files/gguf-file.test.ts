import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ggufFault } from "../../../../config/files/gguf-file.ts";
import { temporaryFolder } from "../support.ts";

function faultOf(name: string, files: Readonly<Record<string, string>>): string | undefined {
  using folder = temporaryFolder();
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder.path, file), text);
  return ggufFault(join(folder.path, name))?.replaceAll(folder.path, "FOLDER");
}

test.each([
  ["a GGUF file", "a.gguf", { "a.gguf": "GGUF…" }, undefined],
  ["a GGUF file by another name", "a.bin", { "a.bin": "GGUF…" }, undefined],
  [
    "a whole split model",
    "m-00001-of-00002.gguf",
    { "m-00001-of-00002.gguf": "GGUF", "m-00002-of-00002.gguf": "GGUF" },
    undefined,
  ],
  [
    "a part that is missing",
    "m-00001-of-00002.gguf",
    { "m-00001-of-00002.gguf": "GGUF" },
    "is split in 2 files, and m-00002-of-00002.gguf is not beside it",
  ],
  [
    "a later part",
    "m-00002-of-00002.gguf",
    { "m-00002-of-00002.gguf": "GGUF" },
    "is part 2 of a split model: name its first part, m-00001-of-00002.gguf",
  ],
  ["nothing there", "a.gguf", {}, "does not exist: check the path"],
  ["another model there", "a.gguf", { "b.gguf": "GGUF" }, "does not exist: check the path (there is FOLDER/b.gguf)"],
  ["an empty file", "a.gguf", { "a.gguf": "" }, "is empty: download it again"],
  [
    "a web page",
    "a.gguf",
    { "a.gguf": "<!DOCTYPE html>" },
    'is not a GGUF file (it starts with "<!DOCTYP"): name a GGUF file, or download it again',
  ],
  [
    "a Git LFS pointer",
    "a.gguf",
    { "a.gguf": "version https://git-lfs.github.com/spec/v1\n" },
    "is a Git LFS pointer and not the model itself: run `git lfs pull` in its folder",
  ],
  ["a file for a folder", "a.gguf/b.gguf", { "a.gguf": "GGUF" }, "does not exist: check the path"],
] as const)("%s", (_, name, files, fault) => {
  expect(faultOf(name, files)).toBe(fault);
});

test("a folder, with the models in it", () => {
  using folder = temporaryFolder();
  mkdirSync(join(folder.path, "models"));
  writeFileSync(join(folder.path, "models/a.gguf"), "GGUF");
  expect(ggufFault(join(folder.path, "models"))).toBe(
    `is a folder: name a GGUF file (there is ${join(folder.path, "models/a.gguf")})`,
  );
});

test("is not tempted to open a device or a pipe, which may never end", () => {
  expect(ggufFault("/dev/zero")).toBe("is not a regular file: name a GGUF file");
});
