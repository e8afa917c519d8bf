import { readFileSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageRoot } from "../../../../../config/config.ts";

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

let isFinding = false;

/** Lets node-llama-cpp and koffi find the fetched builds, for the whole process. Those that npm installed go first. */
export function findFetchedBuilds(): void {
  if (isFinding) return;
  isFinding = true;
  const fetched = createRequire(join(fetchedFolder(), "package.json"));
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (!/^@(node-llama-cpp|koromix)\//.test(specifier)) return nextResolve(specifier, context);
      try {
        return nextResolve(specifier, context);
      } catch {
        return { url: pathToFileURL(fetched.resolve(specifier)).href, shortCircuit: true };
      }
    },
  });
}
