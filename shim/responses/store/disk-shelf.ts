import { mkdirSync } from "node:fs";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Shelf } from "./shelf.ts";

const ending = ".json";

/** A shelf of files in `folder`, which only this user can read. Throws a sentence when the folder cannot be made. */
export function createDiskShelf(folder: string): Shelf {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Error(`responses_store_path: ${folder} cannot be made`, { cause: error });
  }
  const fileOf = (id: string) => join(folder, id + ending);
  return {
    async load() {
      const names = (await readdir(folder)).filter((name) => name.endsWith(ending));
      const found = names.map(async (name) => {
        const file = join(folder, name);
        const [text, { mtimeMs }] = await Promise.all([readFile(file, "utf8"), stat(file)]);
        return { id: name.slice(0, -ending.length), text, usedAt: mtimeMs };
      });
      return (await Promise.all(found)).sort((a, b) => a.usedAt - b.usedAt);
    },
    async put(id, text) {
      const file = fileOf(id);
      // A process that ends midway leaves no half of a response under its name.
      await writeFile(`${file}.part`, text, { mode: 0o600 });
      await rename(`${file}.part`, file);
    },
    get: (id) => readFile(fileOf(id), "utf8").catch(() => undefined),
    delete: (id) => rm(fileOf(id), { force: true }),
  };
}
