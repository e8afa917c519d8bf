import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const bundle = new URL("../../node_modules/node-llama-cpp/llama/gitRelease.bundle", import.meta.url).pathname;

/** The chat templates that llama.cpp's release carries, by name, as node-llama-cpp ships it: some 70 of real models. */
export function bundledTemplates(): ReadonlyMap<string, string> {
  const folder = mkdtempSync(join(tmpdir(), "tokenwire-templates-"));
  try {
    const git = (...args: string[]) => execFileSync("git", args, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
    git("clone", "--quiet", "--no-checkout", bundle, "bundle");
    git("-C", "bundle", "checkout", "--quiet", "HEAD", "--", "models/templates");
    const templates = join(folder, "bundle/models/templates");
    return new Map(
      readdirSync(templates)
        .filter((name) => name.endsWith(".jinja"))
        .toSorted()
        .map((name) => [name.replace(/\.jinja$/, ""), readFileSync(join(templates, name), "utf8")]),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
