// Builds the web page into dist/web when it is not there, or older than its sources: so that `npm start` has it in a fresh
// clone, and after a pull that changed it. Takes some milliseconds when there is nothing to do, and about a second else.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { pinnedNode } from "./machine-packages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const built = `${root}dist/web/index.html`;
/** What the page is made of. */
const sources = ["clients/web", "clients/trpc", "clients/number-options.ts", "package-lock.json"];

/** Says in a sentence what is missing when the page cannot be built: the server works without it. */
export function ensureWebBuilt() {
  if (isBuilt()) return;
  const vite = `${root}node_modules/vite/bin/vite.js`;
  if (!existsSync(vite)) {
    console.error(
      "tokenwire: the web page is not built, since the development dependencies are not installed; the API works without it",
    );
    return;
  }
  const node = pinnedNode() ?? process.execPath;
  const words = [vite, "build", "--config", `${root}clients/web/vite.config.ts`, "--logLevel", "warn"];
  const { status, stderr, error } = spawnSync(node, words, { cwd: root, encoding: "utf8" });
  if (status === 0) return;
  console.error(
    `tokenwire: the web page could not be built, and the API works without it: ${error?.message ?? stderr.trim()}`,
  );
}

function isBuilt() {
  if (!existsSync(built)) return false;
  const builtAt = statSync(built).mtimeMs;
  return sources.every((source) => newest(root + source) <= builtAt);
}

function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(`${path}/${name}`)));
}

const isProgram = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isProgram) ensureWebBuilt();
