import { type Environment, packageVersion } from "../../config/config.ts";
import { ConfigError, Problems } from "../../config/config-error.ts";
import { parseValues, readGiven } from "../../config/values/read-given.ts";
import { fromEnvironment, fromFlags } from "../../config/sources/sources.ts";
import { createShimVocabulary } from "../../config/vocabulary.ts";
import { checkShimSettings, separateShimSchema, type SeparateShimSettings } from "../../settings/rest-settings.ts";
import { settingsText } from "../help/help.ts";
import { parseArgs } from "./parse-args.ts";

/** What the REST face as a process of its own is to do. */
export type ShimCommand =
  | { readonly command: "serve"; readonly settings: SeparateShimSettings }
  /** Write the text to stdout, and end. */
  | { readonly command: "print"; readonly text: string };

/**
 * Reads the command line of `shim/main.ts` by the rules of `parseCommand`: flags go before environment variables of the
 * same names, which go before defaults.
 *
 * @param argv without the interpreter and the script
 * @param cwd absolute
 * @throws ConfigError with everything that is wrong
 */
export function parseShimCommand(argv: readonly string[], env: Environment, cwd: string): ShimCommand {
  const vocabulary = createShimVocabulary();
  const parsed = parseArgs(argv, vocabulary);
  switch (parsed.command) {
    case "help":
      return { command: "print", text: `${introduction}\n\n${settingsText(vocabulary)}` };
    case "version":
      return { command: "print", text: packageVersion() };
    case "serve":
      break;
    default: {
      const name = parsed.command === "remote" ? parsed.name : parsed.command;
      throw new ConfigError([`${name} is a command of tokenwire, not of its REST face`]);
    }
  }
  if (parsed.flags.has("config_file")) {
    throw new ConfigError(["the REST face alone reads no config file: give its settings as flags or variables"]);
  }
  const variables = fromEnvironment(env, cwd);
  const given = new Map([...variables, ...fromFlags(parsed.flags, cwd)]);
  const findings = { problems: new Problems(), warnings: new Set<string>() };
  const values = readGiven("server", given, { vocabulary, findings, cwd });
  const settings = parseValues(separateShimSchema, values, findings.problems);
  findings.problems.throwIfAny();
  if (settings === undefined) throw new Error("settings are missing without a problem");
  checkShimSettings(settings);
  return { command: "serve", settings };
}

const introduction = `The REST face of Tokenwire as a process of its own, in front of a gRPC service that may be on another host.

Each setting is a flag (--grpc_address HOST:PORT, --grpc-address=HOST:PORT) and an environment variable (GRPC_ADDRESS).`;
