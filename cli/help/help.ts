import { packageVersion } from "../../config/config.ts";
import { isFile } from "../../config/files/resolve-file.ts";
import { admits, choices } from "../../config/values/expects.ts";
import type { JsonSchema } from "../../config/values/json-of.ts";
import type { Term, Vocabulary } from "../../config/vocabulary.ts";
import { commandNames, commands } from "../arguments/commands.ts";
import { table } from "./table.ts";

/** What `tokenwire --help` prints: every setting, in groups, with its default. */
export function helpText(vocabulary: Vocabulary): string {
  const rest = [...vocabulary.values()].filter((term) => term.setting.disposition !== "honoured");
  return [
    `tokenwire ${packageVersion()} serves GGUF models: OpenAI-compatible REST, gRPC and tRPC over llama.cpp.`,
    introduction,
    settingsText(vocabulary),
    `Settings that are refused, or have no effect:\n${table(rest.map(exception))}`,
  ].join("\n\n");
}

/** The settings that have an effect, in groups, with their defaults. */
export function settingsText(vocabulary: Vocabulary): string {
  const honoured = [...vocabulary.values()].filter((term) => term.setting.disposition === "honoured");
  const groups = Map.groupBy(honoured, (term) => term.group);
  return [...groups].map(([group, members]) => `${group}:\n${table(members.map(row))}`).join("\n\n");
}

const introduction = `Usage:
  tokenwire                                 serve the tiny model that comes with it
  tokenwire --model PATH [--SETTING VALUE]  serve one model
  tokenwire --config_file FILE              serve what a config file (JSON or YAML) says
  tokenwire --help | --version

Commands (tokenwire help COMMAND says more):
${table(commandNames.map((name) => [name, commands[name].about]))}

Each setting is a flag (--n_ctx 4096, --n-ctx=4096), a key of the config file and an environment variable (N_CTX).
The first source that has a setting decides:
${table([
  ["a setting of the server", "flag; HOST and PORT of the environment; config file; other variables; default"],
  ["a setting of a model", "config file (without one: flag); variable; default"],
  ["the config file itself", "variable CONFIG_FILE; flag --config_file"],
])}
With a config file the flags of models are refused: they belong in its list of models. docs/config.schema.json describes
the file to editors.`;

function row(term: Term): readonly [string, string] {
  const { name, setting, json } = term;
  const about = setting.schema.description ?? "";
  const { value, choices } = placeholder(term);
  const hint = choices === undefined ? "" : ` One of ${choices.join(", ")}.`;
  const fallback = json.default === undefined ? "" : ` (default ${JSON.stringify(json.default)})`;
  return [`--${name} ${value}`, `${about}${hint}${fallback}`];
}

function exception({ name, setting }: Term): readonly [string, string] {
  const verb = setting.disposition === "refused" ? "" : "has no effect: ";
  return [`--${name}`, `${verb}${setting.because}`];
}

/** More than stands in the column of the names; then they are part of the text. */
const maxChoicesLength = 26;

/** What stands for the value, and its choices where they are too long to stand there and the text does not name them. */
function placeholder({ name, json, setting }: Term): { value: string; choices?: readonly string[] } {
  if (isFile(name)) return { value: "PATH" };
  const open = [...(isNumber(json) ? ["N"] : []), ...(admits(json, "boolean") ? ["true", "false"] : [])];
  const words = [...new Set([...open, ...choices(json)])];
  const written = words.join("|");
  if (words.length === 0) return { value: kindOf(json) };
  if (written.length <= maxChoicesLength) return { value: written };
  const isSaid = words.filter((word) => setting.schema.description?.includes(word)).length > words.length / 2;
  return { value: "NAME", ...(isSaid ? {} : { choices: words }) };
}

/** Whether it takes any number of a range, alone or beside certain words. */
function isNumber({ type, enum: values, const: value, anyOf = [] }: JsonSchema): boolean {
  const isOpen = values === undefined && value === undefined;
  return (isOpen && (type === "integer" || type === "number")) || anyOf.some(isNumber);
}

function kindOf(json: JsonSchema): string {
  const kinds = kindsOf(json).filter((kind) => kind !== "null");
  const [value = "VALUE", another] = new Set(
    kinds.map((kind) => (kind === "array" ? `${itemKind(json)}…` : (placeholders[kind] ?? "VALUE"))),
  );
  return another === undefined ? value : "VALUE";
}

function itemKind({ items, anyOf = [] }: JsonSchema): string {
  if (typeof items === "object" && !Array.isArray(items)) return kindOf(items);
  return anyOf.map(itemKind).find((kind) => kind !== "VALUE") ?? "VALUE";
}

const placeholders: Readonly<Partial<Record<string, string>>> = {
  boolean: "true|false",
  integer: "N",
  number: "N",
  object: "JSON",
  string: "TEXT",
};

function kindsOf(json: JsonSchema): string[] {
  const options = (json.anyOf ?? []).flatMap(kindsOf);
  return [...[json.type ?? []].flat(), ...options];
}
