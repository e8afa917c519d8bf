import { packageVersion } from "../../config/config.ts";
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

function row({ name, setting, json }: Term): readonly [string, string] {
  const about = setting.schema.description ?? "";
  const fallback = json.default === undefined ? "" : ` (default ${JSON.stringify(json.default)})`;
  return [`--${name} ${placeholder(json)}`, `${about}${fallback}`];
}

function exception({ name, setting }: Term): readonly [string, string] {
  const verb = setting.disposition === "refused" ? "" : "has no effect: ";
  return [`--${name}`, `${verb}${setting.because}`];
}

/** What stands for the value. */
function placeholder(json: JsonSchema): string {
  const kinds = new Set(kindsOf(json));
  kinds.delete("null");
  if (kinds.has("array")) return "VALUE…";
  const [kind, another] = [...kinds];
  return another === undefined && kind !== undefined ? (placeholders[kind] ?? "VALUE") : "VALUE";
}

const placeholders: Readonly<Partial<Record<string, string>>> = {
  boolean: "BOOL",
  integer: "N",
  number: "N",
  object: "JSON",
  string: "TEXT",
};

function kindsOf(json: JsonSchema): string[] {
  const options = (json.anyOf ?? []).flatMap(kindsOf);
  return [...[json.type ?? []].flat(), ...options];
}
