import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Before all tests: builds the web page if its sources have changed. */
export function setup(): void {
  execFileSync(process.execPath, [fileURLToPath(new URL("../../bin/ensure-web.mjs", import.meta.url))]);
}
