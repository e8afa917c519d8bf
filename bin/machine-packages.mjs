// Packages that only some machines need, and that npm would install on all of them: llama.cpp's builds for GPUs (610 MB), and
// after `npm install --omit=optional` also the build for the CPU and a newer Node. A start that finds this machine in need of
// one fetches it, once, into the user's cache, where every checkout and every installed package finds it. Plain JavaScript
// for any Node; the worker reads the same folder (fetched-builds.ts).
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

/** Where the builds of this release of llama.cpp are kept: `node_modules` is below it. */
export const fetchedFolder = join(homedir(), ".cache/tokenwire/packages", manifest.dependencies["node-llama-cpp"]);

const { arch } = process;
const platform = process.platform === "win32" ? "win" : process.platform;

/** What every machine needs to run models, as npm installs it by itself: native code for this processor and system. */
const basePackages = {
  [`@node-llama-cpp/${{ "darwin-arm64": "mac-arm64-metal", "darwin-x64": "mac-x64" }[`${platform}-${arch}`] ?? `${platform}-${arch}`}`]:
    manifest.dependencies["node-llama-cpp"],
  [`@koromix/koffi-${process.platform}-${arch}`]: manifest.dependencies.koffi,
};

/** Native builds beside the one for the CPU, the better one first. There are none for other platforms. */
const gpuBuilds = [
  {
    choice: "cuda",
    packages: [`@node-llama-cpp/${platform}-x64-cuda`, `@node-llama-cpp/${platform}-x64-cuda-ext`],
    what: "llama.cpp's build for CUDA (540 MB)",
    isNeeded: hasNvidiaDriver,
    because: "an NVIDIA driver is here",
  },
  {
    choice: "vulkan",
    packages: [`@node-llama-cpp/${platform}-x64-vulkan`],
    what: "llama.cpp's build for Vulkan (71 MB)",
    isNeeded: () => !hasNvidiaDriver() && hasVulkanLoader(),
    because: "a Vulkan driver is here",
  },
];

/**
 * Fetches the build for this machine's GPU where it is missing. TOKENWIRE_GPU chooses another than the one that is found:
 * cuda, vulkan or none. What cannot be fetched is said in a sentence: the CPU works without it.
 */
export function ensureGpuBuild(choice = process.env.TOKENWIRE_GPU || "auto") {
  if (!["auto", "none", ...gpuBuilds.map((build) => build.choice)].includes(choice)) {
    console.error(`tokenwire: TOKENWIRE_GPU is "${choice}": use auto, cuda, vulkan or none`);
    process.exit(2);
  }
  if (arch !== "x64" || !["linux", "win"].includes(platform)) return;
  const build = gpuBuilds.find((it) => (choice === "auto" ? it.isNeeded() : it.choice === choice));
  const missing = build?.packages.filter((name) => installedFolder(name) === undefined) ?? [];
  if (missing.length === 0) return;
  const because = choice === "auto" ? `, because ${build.because} (TOKENWIRE_GPU=none leaves it out)` : "";
  console.error(`tokenwire: fetching ${build.what}, once${because} …`);
  const version = manifest.dependencies["node-llama-cpp"];
  const reason = fetchPackages(missing.map((name) => `${name}@${version}`));
  if (reason !== undefined)
    console.error(
      `tokenwire: it could not be fetched, and the next start tries again: ${reason}. Without it the CPU works`,
    );
}

/** Fetches what runs models on the CPU, where npm was told to leave optional packages out. Ends the process without it. */
export function ensureBase() {
  const missing = Object.entries(basePackages).filter(([name]) => installedFolder(name) === undefined);
  if (missing.length === 0) return;
  console.error(`tokenwire: fetching llama.cpp's build for ${platform}-${arch} (40 MB), once …`);
  const reason = fetchPackages(missing.map(([name, version]) => `${name}@${version}`));
  if (reason === undefined) return;
  console.error(`tokenwire: without it no model runs, and it could not be fetched: ${reason}`);
  process.exit(1);
}

/** Fetches the Node that the server runs on, and returns its file; says in a sentence why it could not. */
export function fetchNode() {
  const name = `node-${platform}-${arch}`;
  const version = manifest.optionalDependencies?.[name];
  if (version === undefined) return undefined;
  console.error(`tokenwire: fetching Node ${version} (51 MB), once, because this is ${process.version} …`);
  const reason = fetchPackages([`${name}@${version}`]);
  if (reason !== undefined) console.error(`tokenwire: it could not be fetched: ${reason}`);
  return nodeIn(installedFolder(name));
}

/** The Node that npm installed, or that was fetched, for this platform, or undefined where there is none. */
export function pinnedNode() {
  return nodeIn(installedFolder(`node-${platform}-${arch}`));
}

function nodeIn(folder) {
  const file = folder && join(folder, platform === "win" ? "bin/node.exe" : "bin/node");
  return file !== undefined && existsSync(file) ? file : undefined;
}

/** The folder of a package that npm installed or that was fetched, or undefined. */
export function installedFolder(name) {
  const places = createRequire(import.meta.url).resolve.paths(name) ?? [];
  return [...places, join(fetchedFolder, "node_modules")]
    .map((place) => join(place, name))
    .find((folder) => existsSync(join(folder, "package.json")));
}

/** Fetches packages (`name@version`) through npm, with the user's own registry and proxy. Returns why it could not. */
export function fetchPackages(specs) {
  // Where nothing answers, npm itself would try for minutes.
  const probe = npm(["view", specs[0], "version", "--fetch-retries=0"], { timeout: 20_000 });
  if (probe !== undefined) return probe;
  mkdirSync(dirname(fetchedFolder), { recursive: true });
  // Half a package, or two starts at once, must leave nothing that looks whole.
  const staging = mkdtempSync(`${fetchedFolder}-`);
  try {
    writeFileSync(join(staging, "package.json"), '{ "private": true }');
    const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--global=false", "--loglevel=error"];
    const reason = npm(["install", ...flags, "--prefix", staging, ...specs], { cwd: staging });
    if (reason !== undefined) return reason;
    moveTree(join(staging, "node_modules"), join(fetchedFolder, "node_modules"));
    return undefined;
  } catch (error) {
    return error.message;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Moves packages, a scope's one by one; one that is there already stays. */
function moveTree(from, to) {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    if (name.startsWith("@")) moveTree(join(from, name), join(to, name));
    else if (!name.startsWith(".") && !existsSync(join(to, name))) renameSync(join(from, name), join(to, name));
  }
}

/** Runs npm; returns why it failed, in its own words. */
function npm(words, options) {
  // A script there, which only a shell finds.
  const shell = process.platform === "win32";
  const { status, stderr, error } = spawnSync("npm", words, { ...options, shell, encoding: "utf8" });
  if (status === 0) return undefined;
  if (error?.code === "ETIMEDOUT") return "the package registry does not answer";
  const [, line] = /^npm (?:error|ERR!) (?!code |errno |syscall |A complete log)(.+)$/m.exec(stderr ?? "") ?? [];
  return error?.message ?? line ?? `npm ended with exit code ${status}`;
}

function hasNvidiaDriver() {
  if (process.platform === "win32") return existsSync("C:\\Windows\\System32\\nvcuda.dll");
  // The module of the kernel, a container's device, the driver of WSL.
  return ["/proc/driver/nvidia/version", "/dev/nvidiactl", "/usr/lib/wsl/lib/libcuda.so.1"].some((path) =>
    existsSync(path),
  );
}

function hasVulkanLoader() {
  if (process.platform === "win32") return existsSync("C:\\Windows\\System32\\vulkan-1.dll");
  const folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"];
  return folders.some((folder) => existsSync(join(folder, "libvulkan.so.1")));
}

const isProgram = process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url);
if (isProgram) ensureGpuBuild();
