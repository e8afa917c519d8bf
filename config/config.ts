import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process: the one place where the configuration reads it. */
export function readEnvironment(): Environment {
  return process.env;
}

/** The folder of package.json: the source tree's root, or in the published package the parent of `dist`. */
export const packageRoot = [join(import.meta.dirname, ".."), join(import.meta.dirname, "../..")].find((folder) =>
  existsSync(join(folder, "package.json")),
) as string;

/** The version of this package. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };
  return version;
}

/** How a user here starts the command line: in a checkout, of an installed package, or through npx. */
export function commandPrefix(env: Environment): string {
  if (existsSync(join(packageRoot, "main.ts"))) return "npm start --";
  return env["npm_command"] === "exec" ? "npx tokenwire" : "tokenwire";
}
