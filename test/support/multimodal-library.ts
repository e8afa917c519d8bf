import { execFileSync } from "node:child_process";
import { provideLibrary } from "../../services/engine/llama/multimodal/library/build-library.ts";
import { findLibrary, libraryVersion } from "../../services/engine/llama/multimodal/library/library-place.ts";

/** Whether libmtmd is there, or can be built here. */
export const hasMultimodal = findLibrary(libraryVersion()) !== undefined || (hasProgram("c++") && hasProgram("git"));

/** How long the first build on a machine may take. */
export const buildMs = 300_000;

/** Builds it where it is not there, so that no test waits for that. */
export async function buildMultimodal(): Promise<void> {
  await provideLibrary({ info() {} });
}

function hasProgram(name: string): boolean {
  try {
    execFileSync(name, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
