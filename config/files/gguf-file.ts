import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const splitName = /-(\d{5})-of-(\d{5})\.gguf$/i;

/**
 * Why a path is not a GGUF file that can be served, as the end of a sentence that the path begins; undefined when it is
 * one. Of a split model it must be the first part, with the others beside it. The file's content is not checked beyond
 * its first bytes.
 *
 * @param path absolute
 */
export function ggufFault(path: string): string | undefined {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return `is a folder: name a GGUF file${ggufsIn(path)}`;
    // Opening a pipe would wait for a writer.
    if (!stat.isFile()) return "is not a regular file: name a GGUF file";
    return splitFault(path) ?? contentFault(firstBytes(path));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ENOTDIR") return `does not exist: check the path${ggufsIn(dirname(path))}`;
    return `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function splitFault(path: string): string | undefined {
  const [, part, parts] = splitName.exec(path) ?? [];
  if (part === undefined || parts === undefined) return undefined;
  const name = (number: number) => path.replace(splitName, `-${String(number).padStart(5, "0")}-of-${parts}.gguf`);
  if (Number(part) !== 1) return `is part ${Number(part)} of a split model: name its first part, ${basename(name(1))}`;
  for (let number = 2; number <= Number(parts); number++) {
    if (!existsSync(name(number)))
      return `is split in ${Number(parts)} files, and ${basename(name(number))} is not beside it`;
  }
  return undefined;
}

function contentFault(bytes: Buffer): string | undefined {
  if (bytes.subarray(0, 4).toString("latin1") === "GGUF") return undefined;
  if (bytes.length === 0) return "is empty: download it again";
  if (bytes.toString("latin1").startsWith("version https://git-lfs"))
    return "is a Git LFS pointer and not the model itself: run `git lfs pull` in its folder";
  const start = bytes
    .subarray(0, 8)
    .toString("latin1")
    .replace(/[^\x20-\x7e]/g, ".");
  return `is not a GGUF file (it starts with "${start}"): name a GGUF file, or download it again`;
}

function firstBytes(path: string): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(32);
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(file);
  }
}

function ggufsIn(folder: string): string {
  try {
    const files = readdirSync(folder).filter((file) => /\.gguf$/i.test(file));
    const few = files.slice(0, 5).map((file) => join(folder, file));
    return few.length === 0 ? "" : ` (there is ${few.join(", ")}${files.length > few.length ? ", …" : ""})`;
  } catch {
    return "";
  }
}
