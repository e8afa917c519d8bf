import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { fetchedFolder } from "../../services/engine/llama/native/libraries/fetched-builds.ts";
import type { Check } from "./check.ts";

export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** The names of the installed native builds, such as `linux-x64-cuda`. */
  readonly builds: readonly string[];
  /** NVIDIA GPUs as their driver names them; undefined: there is no driver. */
  readonly nvidia: readonly string[] | undefined;
  /** Whether there is a Vulkan loader. */
  readonly vulkan: boolean;
}

/** Looks at the machine from outside: no native library is loaded into this process. */
export async function lookAtMachine(root: string): Promise<Machine> {
  const { platform, arch } = process;
  return { platform, arch, builds: nativeBuilds(root), nvidia: await nvidiaGpus(), vulkan: hasVulkanLoader() };
}

/** Whether llama.cpp's libraries are there, and those for the GPUs. */
export function checkNative({ platform, arch, builds, nvidia, vulkan }: Machine): Check[] {
  const os = platform === "darwin" ? "mac" : platform === "win32" ? "win" : "linux";
  const cpu = builds.filter((name) => name === `${os}-${arch}` || name === `mac-${arch}-metal`);
  const native: Check =
    cpu.length > 0
      ? { name: "native builds", status: "ok", found: builds.join(", ") }
      : {
          name: "native builds",
          status: "fail",
          found: `none for ${os}-${arch}`,
          remedy: "install again without --omit=optional",
        };
  return [native, checkGpu({ os, arch, builds, nvidia, vulkan })];
}

function checkGpu(machine: Omit<Machine, "platform"> & { readonly os: string }): Check {
  const { os, arch, builds, nvidia, vulkan } = machine;
  const name = "GPU";
  if (os === "mac" && arch === "arm64") return { name, status: "ok", found: "Metal" };
  if (nvidia !== undefined) {
    const found = nvidia.length === 0 ? "an NVIDIA driver without a GPU" : nvidia.join(", ");
    if (nvidia.length === 0) return { name, status: "warn", found, remedy: "see what nvidia-smi says" };
    if (builds.some((build) => build.includes("cuda"))) return { name, status: "ok", found: `${found}, with CUDA` };
    const remedy = `${vulkan ? "Vulkan is used" : "the CPU works"} until the CUDA build is there: a start fetches it where it can reach npm's registry`;
    return { name, status: "warn", found, remedy };
  }
  if (!vulkan) return { name, status: "ok", found: "no NVIDIA driver and no Vulkan loader: the CPU works" };
  if (builds.some((build) => build.includes("vulkan")))
    return { name, status: "ok", found: "a Vulkan loader: its GPUs are used, if it has any" };
  const remedy = "for a GPU of AMD or Intel: a start fetches the build where it can reach npm's registry";
  return { name, status: "warn", found: "a Vulkan loader, but no Vulkan build: the CPU works", remedy };
}

/** node_modules may be the package's own, or that of a package around it; builds for GPUs are fetched. */
function nativeBuilds(root: string): string[] {
  const found = new Set<string>();
  const folders = [fetchedFolder(), root];
  for (let folder = root; folder !== dirname(folder); folder = dirname(folder)) folders.push(dirname(folder));
  for (const folder of folders) {
    const scope = join(folder, "node_modules/@node-llama-cpp");
    if (existsSync(scope))
      for (const name of readdirSync(scope)) if (existsSync(join(scope, name, "bins"))) found.add(name);
  }
  return [...found].toSorted();
}

async function nvidiaGpus(): Promise<string[] | undefined> {
  try {
    const words = ["--query-gpu=name,memory.total", "--format=csv,noheader"];
    const { stdout } = await promisify(execFile)("nvidia-smi", words, { timeout: 10_000 });
    return stdout
      .split("\n")
      .map((line) => line.trim().replace(", ", " "))
      .filter((line) => line !== "");
  } catch {
    return existsSync("/proc/driver/nvidia/version") ? [] : undefined;
  }
}

const libraryFolders = ["/usr/lib", "/usr/lib64", "/lib", "/lib64", "/usr/local/lib", "/opt/homebrew/lib"];

function hasVulkanLoader(): boolean {
  const { arch, platform } = process;
  if (platform === "win32") return existsSync("C:\\Windows\\System32\\vulkan-1.dll");
  const triplet = `${arch === "x64" ? "x86_64" : arch === "arm64" ? "aarch64" : arch}-linux-gnu`;
  const folders = libraryFolders.flatMap((folder) => [folder, join(folder, triplet)]);
  return folders.some((folder) =>
    ["libvulkan.so.1", "libvulkan.1.dylib"].some((file) => existsSync(join(folder, file))),
  );
}
