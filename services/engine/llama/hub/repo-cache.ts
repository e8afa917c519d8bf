import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { chooseGguf } from "../../../hub/choose-gguf.ts";

/**
 * What is on this machine of one repository, in the layout of Hugging Face's own tools
 * (https://huggingface.co/docs/huggingface_hub/guides/manage-cache): what they have downloaded is found here, and what we
 * download is found by them.
 */
export interface RepoCache {
  /** Of this repository. */
  readonly folder: string;
  /** The first file of the model that a name or pattern means, if all of it is here. */
  findModel(pattern: string): string | undefined;
  /** A file, if it is here. */
  findFile(path: string): string | undefined;
  /** Where a file that is being downloaded is kept until it is whole. */
  stagingPath(commit: string, path: string): string;
  /** Takes a whole file in. Returns where it is now. */
  add(commit: string, path: string, stagedAt: string): string;
  addText(commit: string, path: string, text: string): void;
}

export function openRepoCache(cacheDir: string, repo: string): RepoCache {
  const folder = join(cacheDir, `models--${repo.replaceAll("/", "--")}`);
  const mainRef = join(folder, "refs/main");
  const snapshot = (commit: string, path: string): string => join(folder, "snapshots", commit, ...path.split("/"));

  /** The newest first: what `main` was when somebody last looked, then whatever else there is. */
  function commits(): string[] {
    const all = namesIn(join(folder, "snapshots")).sort(
      (a, b) => timeOf(join(folder, "snapshots", b)) - timeOf(join(folder, "snapshots", a)),
    );
    const main = existsSync(mainRef) ? readFileSync(mainRef, "utf8").trim() : undefined;
    return [...all.filter((commit) => commit === main), ...all.filter((commit) => commit !== main)];
  }

  function placeOf(commit: string, path: string): string {
    const place = snapshot(commit, path);
    mkdirSync(dirname(place), { recursive: true });
    mkdirSync(dirname(mainRef), { recursive: true });
    writeFileSync(mainRef, commit);
    return place;
  }

  return {
    folder,
    findModel(pattern) {
      for (const commit of commits()) {
        const choice = chooseGguf(filesIn(join(folder, "snapshots", commit)), pattern);
        if (choice.ok) return snapshot(commit, choice.parts[0]);
      }
      return undefined;
    },
    findFile: (path) =>
      commits()
        .map((commit) => snapshot(commit, path))
        .find((file) => existsSync(file)),
    stagingPath: (commit, path) => join(folder, "incomplete", commit, ...path.split("/")),
    add(commit, path, stagedAt) {
      const place = placeOf(commit, path);
      renameSync(stagedAt, place);
      return place;
    },
    addText(commit, path, text) {
      writeFileSync(placeOf(commit, path), text);
    },
  };
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Paths within a folder, with slashes; links that lead nowhere left out. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path), { throwIfNoEntry: false })?.isFile())
    .map((path) => relative(folder, join(folder, path)).replaceAll(sep, "/"));
}

function timeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
