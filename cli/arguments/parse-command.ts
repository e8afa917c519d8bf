import { type Environment, packageVersion } from "../../config/config.ts";
import { ConfigError } from "../../config/config-error.ts";
import { loadConfig, type Settings } from "../../config/load-config.ts";
import { createVocabulary } from "../../config/vocabulary.ts";
import { checkShimSettings } from "../../settings/rest-settings.ts";
import type { FitOptions } from "../fit.ts";
import { type BenchCommand, parseBench } from "../bench/parse-bench.ts";
import { type ChatCommand, parseChat, parseRun, type RunCommand } from "../chat/parse-chat.ts";
import { completionScript } from "../completion/completion.ts";
import type { DoctorOptions } from "../doctor/doctor.ts";
import { commandHelp } from "../help/command-help.ts";
import { helpText } from "../help/help.ts";
import { migrate } from "../migrate/migrate.ts";
import { parseArgs } from "./parse-args.ts";
import { parseRemote, type RemoteCommand } from "../remote/parse-remote.ts";

/** What the process is to do. */
export type Command =
  | { readonly command: "serve"; readonly settings: ServerSettings; readonly warnings: readonly string[] }
  /** Ask a running server. */
  | { readonly command: "remote"; readonly remote: RemoteCommand }
  /** Say what a start would load. */
  | { readonly command: "fit"; readonly fit: FitOptions; readonly warnings: readonly string[] }
  | { readonly command: "chat"; readonly chat: ChatCommand; readonly env: Environment }
  | { readonly command: "run"; readonly run: RunCommand; readonly env: Environment }
  | { readonly command: "bench"; readonly bench: BenchCommand }
  | { readonly command: "doctor"; readonly doctor: DoctorOptions }
  /** Compile llama.cpp's multimodal library. */
  | { readonly command: "build-multimodal"; readonly beside: boolean; readonly force: boolean }
  /** Write the text to stdout, and end. */
  | { readonly command: "print"; readonly text: string };

export type ServerSettings = Settings;

/**
 * Reads a command line, and the config file and environment variables that go with it.
 *
 * @param argv without the interpreter and the script
 * @param cwd absolute
 * @throws ConfigError when it cannot be followed: print its message and end with exit code 2
 */
export function parseCommand(argv: readonly string[], env: Environment, cwd: string): Command {
  const vocabulary = createVocabulary();
  const parsed = parseArgs(argv, vocabulary);
  switch (parsed.command) {
    case "help":
      return {
        command: "print",
        text: parsed.topic === undefined ? helpText(vocabulary) : commandHelp(parsed.topic, vocabulary),
      };
    case "completion":
      return { command: "print", text: completionScript(parsed.shell, vocabulary).trimEnd() };
    case "chat":
      return { command: "chat", chat: parseChat(parsed.words, env), env };
    case "run":
      return { command: "run", run: parseRun(parsed.words, env), env };
    case "bench":
      return { command: "bench", bench: parseBench(parsed.words, env) };
    case "doctor":
      return { command: "doctor", doctor: { flags: parsed.flags, env, cwd, json: parsed.json } };
    case "build-multimodal":
      return parsed;
    case "version":
      return { command: "print", text: packageVersion() };
    case "migrate":
      return { command: "print", text: migrate(parsed, { vocabulary, env, cwd }) };
    case "remote":
      return { command: "remote", remote: parseRemote(parsed.name, parsed.words, env) };
    case "fit": {
      const { settings, warnings } = loadConfig({ flags: parsed.flags, env, cwd });
      const { models, service } = settings;
      return { command: "fit", fit: { models, service, json: parsed.json }, warnings };
    }
    case "serve": {
      const { settings, warnings } = loadConfig({ flags: parsed.flags, env, cwd });
      checkTogether(settings);
      return { command: "serve", settings, warnings };
    }
  }
}

function checkTogether({ shim }: ServerSettings): void {
  try {
    checkShimSettings(shim);
  } catch (error) {
    throw new ConfigError([error instanceof Error ? error.message : String(error)]);
  }
}
