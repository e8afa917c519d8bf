import { ConfigError, Problems } from "../../config/config-error.ts";
import { admits } from "../../config/expects.ts";
import type { Flag, Flags } from "../../config/sources.ts";
import { suggest } from "../../config/suggest.ts";
import type { Vocabulary } from "../../config/vocabulary.ts";
import { remoteCommands } from "../remote/parse-remote.ts";

export type Arguments =
  | { readonly command: "serve"; readonly flags: Flags }
  /** `output` unset: the new config is printed. */
  | { readonly command: "migrate"; readonly file: string; readonly output: string | undefined }
  | { readonly command: "fit"; readonly flags: Flags; readonly json: boolean }
  | { readonly command: "remote"; readonly name: (typeof remoteCommands)[number]; readonly words: readonly string[] }
  | { readonly command: "help" }
  | { readonly command: "version" };

const commands = ["serve", "migrate", "fit", ...remoteCommands, "help", "version"];

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
  switch (first) {
    case "serve":
      return parseFlags(rest, vocabulary);
    case "migrate":
      return parseMigrate(rest);
    case "fit":
      return parseFit(rest, vocabulary);
    case "help":
    case "version":
      return { command: first };
    default: {
      const name = remoteCommands.find((known) => known === first);
      if (name !== undefined) return rest.some(isHelp) ? { command: "help" } : { command: "remote", name, words: rest };
      throw new ConfigError([unknownCommand(first)]);
    }
  }
}

/** A config file, or the flags of a start. */
function parseFit(words: readonly string[], vocabulary: Vocabulary): Arguments {
  const json = words.includes("--json");
  const rest = words.filter((word) => word !== "--json");
  const [file, ...more] = rest;
  const isFile = file !== undefined && !file.startsWith("-");
  const parsed = parseFlags(isFile ? ["--config_file", file, ...more] : rest, vocabulary);
  return parsed.command === "serve" ? { command: "fit", flags: parsed.flags, json } : parsed;
}

function parseMigrate(words: readonly string[]): Arguments {
  if (words.some(isHelp)) return { command: "help" };
  const [file, output, ...more] = words;
  if (file === undefined || more.length > 0 || words.some((word) => word.startsWith("-")))
    throw new ConfigError([
      "migrate takes the old config file, and the file to write if you like: tokenwire migrate config.json new.json",
    ]);
  return { command: "migrate", file, output };
}

function parseFlags(words: readonly string[], vocabulary: Vocabulary): Arguments {
  const flags = new Map<string, Flag>();
  const problems = new Problems();
  for (let at = 0; at < words.length;) {
    const word = words[at++] ?? "";
    if (isHelp(word)) return { command: "help" };
    if (word === "--version" || word === "-V") return { command: "version" };
    if (!word.startsWith("--")) {
      problems.add(`"${word}" is not a flag: flags begin with --, and lists follow theirs directly`);
      continue;
    }
    const { flag, name, inline } = splitFlag(word);
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

function splitFlag(word: string): {
  readonly flag: string;
  readonly name: string;
  readonly inline: string | undefined;
} {
  const equals = word.indexOf("=");
  const flag = equals === -1 ? word : word.slice(0, equals);
  const name = flag.slice(2).toLowerCase().replaceAll("-", "_");
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
  if (/\.gguf$/i.test(word)) return `"${word}" is not a command: to serve that model say --model ${word}`;
  if (/\.(?:json|ya?ml)$/i.test(word))
    return `"${word}" is not a command: to serve that config say --config_file ${word}`;
  return `"${word}" is not a command${suggest(word, commands)}: say ${commands.join(", ")}, or flags alone`;
}
