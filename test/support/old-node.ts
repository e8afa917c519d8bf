import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** The machine's own Node, when it is older than the server wants (npm puts the pinned one before it); else undefined. */
export const oldNode = (process.env["PATH"] ?? "")
  .split(delimiter)
  .filter((folder) => !folder.includes("node_modules"))
  .map((folder) => join(folder, "node"))
  .find(
    (node) =>
      existsSync(node) && /^v(1[6-9]|2[0-3])\./.test(spawnSync(node, ["--version"], { encoding: "utf8" }).stdout),
  );
