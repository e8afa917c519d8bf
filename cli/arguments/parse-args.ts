import { ConfigError, Problems } from "../../config/config-error.ts";
import { admits } from "../../config/values/expects.ts";
import type { Flag, Flags } from "../../config/sources/sources.ts";
import { suggest } from "../../config/suggest.ts";
import type { Vocabulary } from "../../config/vocabulary.ts";
import type { remoteCommands } from "../remote/parse-remote.ts";
import { type CommandName, commandNames, isCommandName } from "./commands.ts";
import { readHabit, repositoryAdvice } from "./habits.ts";
import { parseWords } from "./parse-words.ts";

export type Arguments =
  | { readonly command: "serve"; readonly flags: Flags }
  /** `output` unset: the new config is printed. */
  | { readonly command: "migrate"; readonly file: string; readonly output: string | undefined }
  | { readonly command: "fit"; readonly flags: Flags; readonly json: boolean }
  | { readonly command: "remote"; readonly name: (typeof remoteCommands)[number]; readonly words: readonly string[] }
  | { readonly command: "doctor"; readonly flags: Flags; readonly json: boolean }
  | { readonly command: "chat" | "run" | "bench"; readonly words: readonly string[] }
  | { readonly command: "build-multimodal"; readonly beside: boolean; readonly force: boolean }
  | { readonly command: "completion"; readonly shell: string }
  /** `topic` unset: all of it. */
  | { readonly command: "help"; readonly topic: CommandName | undefined }
  | { readonly command: "version" };

/**
 * Reads a command line as llama_cpp.server does, and somewhat more: `--n_ctx 4096`, `--n-ctx=4096`; lists as
 * `--gpus 0 1` or the flag repeated; a flag for true or false may stand alone for true. Values are texts still.
 *
 * @param argv without the interpreter and the script
 * @throws ConfigError with every flag that is wrong
 */
export function parseArgs(argv: readonly string[], vocabulary: Vocabulary): Arguments {
  const [first, ...rest] = argv;
  if (first === undefined || first.startsWith("-")) return parseFlags(argv, vocabulary);
  if (!isCommandName(first)) throw new ConfigError([unknownCommand(first)]);
  if (first !== "help" && helpIsAsked(rest)) return { command: "help", topic: first };
  switch (first) {
    case "serve":
      return parseFlags(rest, vocabulary);
    case "migrate": {
      const [file = "", output] = parseWords(first, rest).operands;
      return { command: first, file, output };
    }
    case "fit":
    case "doctor":
      return parseWithConfig(first, rest, vocabulary);
    case "chat":
    case "run":
    case "bench":
      return { command: first, words: rest };
    case "build-multimodal": {
      const { flags: given } = parseWords(first, rest);
      return { command: first, beside: given.has("package"), force: given.has("force") };
    }
    case "completion":
      return { command: first, shell: parseWords(first, rest).operands[0] ?? "" };
    case "help":
      return {
        command: first,
        topic: topicOf(
          parseWords(
            first,
            rest.filter((word) => !isHelp(word)),
          ).operands[0],
        ),
      };
    case "version":
      return { command: first };
    case "service":
    case "shim":
      throw new ConfigError([`${first} is a program of its own: start it as tokenwire ${first}`]);
    default:
      return { command: "remote", name: first satisfies (typeof remoteCommands)[number], words: rest };
  }
}

/** Before `--`: what follows it is not a flag. */
function helpIsAsked(words: readonly string[]): boolean {
  const end = words.indexOf("--");
  return words.slice(0, end === -1 ? words.length : end).some(isHelp);
}

function topicOf(word: string | undefined): CommandName | undefined {
  if (word !== undefined && !isCommandName(word)) throw new ConfigError([unknownCommand(word)]);
  return word;
}

/** A config file, or the flags of a start. */
function parseWithConfig(command: "fit" | "doctor", words: readonly string[], vocabulary: Vocabulary): Arguments {
  const json = words.includes("--json");
  const rest = words.filter((word) => word !== "--json");
  const [file, ...more] = rest;
  const isFile = file !== undefined && !file.startsWith("-");
  const parsed = parseFlags(isFile ? ["--config_file", file, ...more] : rest, vocabulary);
  return parsed.command === "serve" ? { command, flags: parsed.flags, json } : parsed;
}

function parseFlags(words: readonly string[], vocabulary: Vocabulary): Arguments {
  const flags = new Map<string, Flag>();
  const problems = new Problems();
  for (let at = 0; at < words.length;) {
    const word = words[at++] ?? "";
    if (isHelp(word)) return { command: "help", topic: undefined };
    if (word === "--version" || word === "-V") return { command: "version" };
    const habit = readHabit(word.split("=", 1)[0] ?? "", vocabulary);
    if (habit?.kind === "other") {
      problems.add(`${word} is a flag of another server: ${habit.advice}`);
      at += takeValues(words.slice(at), false).length;
      continue;
    }
    if (habit === undefined && !word.startsWith("--")) {
      problems.add(`"${word}" is not a flag: flags begin with --, and lists follow theirs directly`);
      continue;
    }
    const { flag, name, inline } = splitFlag(word, habit?.name);
    const kind = kindOf(name, vocabulary);
    const values = inline === undefined ? takeValues(words.slice(at), kind === "list") : [inline];
    if (inline === undefined) at += values.length;
    if (kind === "unknown") problems.add(unknownFlag(flag, vocabulary));
    else if (values.length === 0 && kind !== "switch")
      problems.add(`${flag} needs a value (one that begins with - is written ${flag}=VALUE)`);
    else if (flags.has(name) && kind !== "list") problems.add(`${flag} is given twice: keep one`);
    else add(flags, name, flag, values.length === 0 ? ["true"] : values);
  }
  problems.throwIfAny();
  return { command: "serve", flags };
}

function splitFlag(
  word: string,
  known: string | undefined,
): {
  readonly flag: string;
  readonly name: string;
  readonly inline: string | undefined;
} {
  const equals = word.indexOf("=");
  const flag = equals === -1 ? word : word.slice(0, equals);
  const name = known ?? flag.slice(2).toLowerCase().replaceAll("-", "_");
  return { flag, name, inline: equals === -1 ? undefined : word.slice(equals + 1) };
}

function kindOf(name: string, vocabulary: Vocabulary): "unknown" | "list" | "switch" | "value" {
  if (name === "config_file") return "value";
  const json = vocabulary.get(name)?.json;
  if (json === undefined) return "unknown";
  return admits(json, "array") ? "list" : admits(json, "boolean") ? "switch" : "value";
}

/** The words that belong to a flag: one, or for a list all up to the next flag. */
function takeValues(words: readonly string[], isList: boolean): readonly string[] {
  const end = words.findIndex((word) => /^-(?![\d.])/.test(word));
  return words.slice(0, Math.min(isList ? words.length : 1, end === -1 ? words.length : end));
}

function add(flags: Map<string, Flag>, name: string, flag: string, values: readonly string[]): void {
  const all = [...[flags.get(name)?.value ?? []].flat(), ...values];
  const [only, another] = all;
  flags.set(name, { flag, value: only !== undefined && another === undefined ? only : all });
}

function isHelp(word: string): boolean {
  return word === "--help" || word === "-h";
}

function unknownFlag(flag: string, vocabulary: Vocabulary): string {
  const known = [...vocabulary.keys(), "config_file", "help", "version"].map((name) => `--${name}`);
  return `${flag} is not a flag${suggest(flag, known)}: --help lists all of them`;
}

function unknownCommand(word: string): string {
  if (/\.gguf$/i.test(word)) return `"${word}" is not a command: to serve that model, use --model ${word}`;
  if (/\.(?:json|ya?ml)$/i.test(word))
    return `"${word}" is not a command: to serve that config, use --config_file ${word}`;
  const repository = repositoryAdvice(word);
  if (repository !== undefined) return `"${word}" is not a command: ${repository}`;
  return `"${word}" is not a command${suggest(word, commandNames)}: use ${commandNames.join(", ")}, or flags alone`;
}
