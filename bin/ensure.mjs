// Installs what the lockfile names and node_modules lacks, and builds the web page: so that `npm start` and `npm test`
// (which says --dev) work in a fresh clone, and after a pull that changed either. Takes some 10 ms when nothing is missing.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ensureWebBuilt } from "./ensure-web.mjs";
import { ensureGpuBuild } from "./machine-packages.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));

/**
 * Ends the process, with what to do, when the installation fails.
 *
 * @param withDev whether tests and checks are to run, too: an image that serves only may lack what they need
 */
export function ensureInstalled({ withDev = false } = {}) {
  if (isComplete(withDev)) return;
  const reason = existsSync(`${root}node_modules`) ? "what has changed since the last time" : "what is needed, once";
  console.error(`tokenwire: installing ${reason} (about a minute) …`);
  // No install scripts: everything we use is prebuilt.
  const { status, error } = spawnSync(
    "npm",
    ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    {
      cwd: root,
      // What npm says goes to stderr: stdout belongs to the program.
      stdio: ["ignore", 2, 2],
      // npm is a script that only a shell finds there.
      shell: process.platform === "win32",
    },
  );
  if (status === 0) return;
  console.error(
    `tokenwire: npm ci ${error === undefined ? `failed (exit code ${status})` : `could not run: ${error.message}`}.` +
      ` Once npm and its registry can be reached, run it in ${root}`,
  );
  process.exit(1);
}

function isComplete(withDev) {
  const wanted = packagesOf("package-lock.json");
  // npm's own record of what it installed.
  const installed = packagesOf("node_modules/.package-lock.json");
  const isNeeded = (path, { dev, optional }) =>
    path !== "" && (withDev || !dev) && (!optional || path === pinnedNode());
  return Object.entries(wanted).every(
    ([path, entry]) => !isNeeded(path, entry) || installed[path]?.integrity === entry.integrity,
  );
}

/** Optional packages are each for some platforms only. This is the one that has to be there, where our own Node is old. */
function pinnedNode() {
  if (Number(process.versions.node.split(".")[0]) >= 24) return undefined;
  return `node_modules/node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(root + file, "utf8")).packages ?? {};
  } catch {
    return {};
  }
}

const isProgram = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isProgram) {
  ensureInstalled({ withDev: process.argv.includes("--dev") });
  ensureGpuBuild();
  ensureWebBuilt();
}
