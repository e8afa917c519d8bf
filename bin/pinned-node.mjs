import { createRequire } from "node:module";

/** The Node that npm installed for this platform, or undefined where there is none. */
export function pinnedNode() {
  const { platform, arch } = process;
  const file = platform === "win32" ? `node-win-${arch}/bin/node.exe` : `node-${platform}-${arch}/bin/node`;
  try {
    return createRequire(import.meta.url).resolve(file);
  } catch {
    return undefined;
  }
}
