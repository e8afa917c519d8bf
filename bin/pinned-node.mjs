import { existsSync } from "node:fs";
import { join } from "node:path";
import { installedFolder } from "./machine-packages.mjs";

/** The Node that npm installed for this platform, or undefined where there is none. */
export function pinnedNode() {
  const { platform, arch } = process;
  const folder = installedFolder(`node-${platform === "win32" ? "win" : platform}-${arch}`);
  const file = folder && join(folder, platform === "win32" ? "bin/node.exe" : "bin/node");
  return file !== undefined && existsSync(file) ? file : undefined;
}
