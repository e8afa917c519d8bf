// Checks the contract: its style, that it breaks no client of the main branch, and that proto/gen is what it generates.
// Run it as `npm run proto:check`, which puts buf's plugins on the PATH.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), "tokenwire-proto-"));
try {
  // The later checks would only say again what the first of them found.
  process.exitCode = [checkStyle, checkBreaking, checkGenerated].every((check) => check()) ? 0 : 1;
} finally {
  rmSync(temporary, { recursive: true, force: true });
}

function checkStyle() {
  return buf("the proto files break a rule of style", "lint");
}

/** Against the main branch as this clone knows it: a clone of a single other branch may not, and then nothing is compared. */
function checkBreaking() {
  const main = ["main", "origin/main"].find(
    (ref) => run("git", ["rev-parse", "-q", "--verify", `${ref}:proto`]).status === 0,
  );
  if (main === undefined) {
    console.error("proto: no main branch here to compare with: breaking changes are not checked");
    return true;
  }
  // Unpacked, since buf's own reading of a repository needs a full clone, and no worktree.
  const archive = run("git", ["archive", "--format=tar", "-o", join(temporary, "main.tar"), main, "proto", "buf.yaml"]);
  if (archive.status !== 0) return fail(`${main} could not be unpacked`, archive);
  return buf(`the proto files break clients of ${main}`, "breaking", "--against", join(temporary, "main.tar"));
}

function checkGenerated() {
  if (!buf("the proto files could not be generated", "generate", "-o", temporary)) return false;
  const [committed, generated] = [join(root, "proto/gen"), join(temporary, "proto/gen")].map(readTree);
  const names = [...new Set([...committed.keys(), ...generated.keys()])].sort();
  const different = names.filter((name) => committed.get(name) !== generated.get(name));
  if (different.length === 0) return true;
  console.error(
    `proto: proto/gen is not what the proto files generate: run npm run proto\n  ${different.join("\n  ")}`,
  );
  return false;
}

function buf(complaint, ...words) {
  const result = run(join(root, "node_modules/.bin/buf"), words);
  return result.status === 0 || fail(complaint, result);
}

function run(command, words) {
  return spawnSync(command, words, { cwd: root, encoding: "utf8", shell: process.platform === "win32" });
}

function fail(complaint, { stdout, stderr, error }) {
  console.error(`proto: ${complaint}:\n${error?.message ?? ""}${stdout ?? ""}${stderr ?? ""}`.trimEnd());
  return false;
}

/** Text by path. */
function readTree(folder) {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((file) => {
      const path = join(file.parentPath ?? file.path, file.name);
      return [path.slice(folder.length + 1), readFileSync(path, "utf8")];
    }),
  );
}
