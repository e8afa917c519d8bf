import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, sep } from "node:path";
import { splitFiles } from "../models/split-files.ts";
import { ggufFault } from "../../config/files/gguf-file.ts";

/** A GGUF file that is a model. */
export interface FoundModel {
  /** Its path within the folder, without `.gguf` and without what numbers the parts of a split model. */
  readonly id: string;
  /** Absolute; of a split model the first part. */
  readonly path: string;
  /** Its vision or audio projector, which lies beside it. */
  readonly projector: string | undefined;
  /** We have downloaded it. */
  readonly pulled: boolean;
  /** Changes with the contents of its files. */
  readonly stamp: string;
}

export interface FolderScan {
  readonly models: readonly FoundModel[];
  /** Sentences about files that are not models. */
  readonly faults: readonly string[];
}

/** Folders within folders: deeper ones are of something else. */
const maxDepth = 4;
const firstPart = /-00001-of-\d{5}$/;
const laterPart = /-\d{5}-of-\d{5}$/;
const projectorName = /mmproj/i;

/** Beside each file that PullModel has brought: where it came from. */
export function receiptOf(path: string): string {
  return `${path}.source.json`;
}

/** Every model in a folder and those within it, by their names. A folder that is not there has none. */
export function scanFolder(folder: string): FolderScan {
  const paths = ggufsIn(folder, maxDepth).sort();
  const faults: string[] = [];
  const models = paths.flatMap((path): FoundModel[] => {
    const name = path.slice(folder.length + 1, -".gguf".length);
    if (projectorName.test(lastOf(name)) || (laterPart.test(name) && !firstPart.test(name))) return [];
    const fault = ggufFault(path);
    if (fault !== undefined) {
      faults.push(`${path} ${fault}`);
      return [];
    }
    const id = name.replace(firstPart, "").split(sep).join("/");
    return [{ id, path, projector: projectorOf(path, paths), pulled: isPulled(path), stamp: stampOf(path) }];
  });
  return { models, faults };
}

/** A projector that shares a folder with one model is that model's; where there are several, their names must begin alike. */
function projectorOf(path: string, paths: readonly string[]): string | undefined {
  const folder = path.slice(0, path.lastIndexOf(sep) + 1);
  const beside = paths.filter((other) => other.startsWith(folder) && !other.slice(folder.length).includes(sep));
  const projectors = beside.filter((other) => projectorName.test(lastOf(other)));
  const models = beside.filter((other) => !projectorName.test(lastOf(other)) && !laterPart.test(stem(other)));
  if (models.length <= 1 && projectors.length === 1) return projectors[0];
  const named = projectors.filter((projector) => {
    const begin = stem(lastOf(projector)).replace(/[-_.]?mmproj[-_.]?/i, "");
    return begin !== "" && stem(lastOf(path)).toLowerCase().startsWith(begin.toLowerCase());
  });
  return named.length === 1 ? named[0] : undefined;
}

function ggufsIn(folder: string, depth: number): string[] {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return depth > 0 && !entry.name.startsWith(".") ? ggufsIn(path, depth - 1) : [];
    // A pipe or a device is none, and a link is what it leads to.
    return /\.gguf$/i.test(entry.name) && (entry.isFile() || entry.isSymbolicLink()) ? [path] : [];
  });
}

function stampOf(path: string): string {
  const parts = splitFiles(path).map((part) => statSync(part, { throwIfNoEntry: false }));
  return parts.map((stat) => `${stat?.ino}:${stat?.size}:${stat?.mtimeMs}`).join(" ");
}

function isPulled(path: string): boolean {
  if (!existsSync(receiptOf(path))) return false;
  try {
    JSON.parse(readFileSync(receiptOf(path), "utf8"));
    return true;
  } catch {
    return false;
  }
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf(sep) + 1);
}

function stem(path: string): string {
  return path.replace(/\.gguf$/i, "");
}
