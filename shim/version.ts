import { existsSync, readFileSync } from "node:fs";

/** The version in package.json, which is beside this folder in the sources, and one further up in the built package. */
export function readVersion(): string {
  const file = ["../package.json", "../../package.json"]
    .map((path) => new URL(path, import.meta.url))
    .find((url) => existsSync(url));
  if (file === undefined) throw new Error("package.json is missing: the installation is incomplete");
  const { version } = JSON.parse(readFileSync(file, "utf8")) as { version: string };
  return version;
}
