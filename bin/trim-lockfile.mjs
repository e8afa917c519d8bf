// Marks in package-lock.json what no installation should bring (`npm run lock`, after node-llama-cpp's version changes):
// its GPU builds, which machine-packages.mjs fetches where there is a GPU, and builds for other processors, which it
// declares for x64 too. npm skips an optional package whose platform is not this one, and keeps what the lockfile says.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const file = fileURLToPath(new URL("../package-lock.json", import.meta.url));
const lock = JSON.parse(readFileSync(file, "utf8"));
for (const [path, entry] of Object.entries(lock.packages)) {
  const [, os, arch, gpu] = /^node_modules\/@node-llama-cpp\/([a-z]+)-([^-]+)(?:-(.+))?$/.exec(path) ?? [];
  if (os === undefined) continue;
  if (/cuda|vulkan/.test(gpu ?? "")) entry.os = ["none"];
  else entry.cpu = [arch.startsWith("arm") && arch !== "arm64" ? "arm" : arch];
}
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
