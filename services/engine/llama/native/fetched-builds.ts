import { readFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../../../../config/config.ts";

/**
 * Where the launcher puts the builds of llama.cpp that npm did not install, because only some machines have a use for
 * them (bin/machine-packages.mjs).
 */
export function fetchedFolder(): string {
  const { dependencies } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as {
    dependencies: Readonly<Record<string, string>>;
  };
  return join(homedir(), ".cache/tokenwire/packages", dependencies["node-llama-cpp"] ?? "");
}

/** Lets node-llama-cpp find the fetched builds. Those that npm installed go first. */
export function findFetchedBuilds(): void {
  const parentURL = pathToFileURL(join(fetchedFolder(), "package.json")).href;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (!specifier.startsWith("@node-llama-cpp/")) return nextResolve(specifier, context);
      try {
        return nextResolve(specifier, context);
      } catch {
        return nextResolve(specifier, { ...context, parentURL });
      }
    },
  });
}
