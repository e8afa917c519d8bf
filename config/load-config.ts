import { resolve } from "node:path";
import { type ShimSettings, shimSettingsSchema } from "../settings/rest-settings.ts";
import { type ModelSettings, type ServiceSettings, serviceSettingsSchema } from "../settings/settings.ts";
import type { Environment } from "./config.ts";
import { Problems } from "./config-error.ts";
import { embeddedModel } from "./sources/embedded-model.ts";
import type { Findings, Given, GivenSettings } from "./values/given.ts";
import { parseValues, readGiven, type Values } from "./values/read-given.ts";
import { readModels } from "./read-models.ts";
import {
  type Flags,
  fromEnvironment,
  fromFile,
  fromFlags,
  fromModelsVariable,
  type ModelList,
} from "./sources/sources.ts";
import { refuseMisplaced, refuseModelFlags } from "./sources/unknown-settings.ts";
import { createVocabulary, namesIn, type Scope, type Vocabulary } from "./vocabulary.ts";

export interface ConfigSources {
  /** The command line's settings; `config_file` may be among them. */
  readonly flags: Flags;
  readonly env: Environment;
  /** Absolute: where relative paths of flags and variables start. */
  readonly cwd: string;
}

/** Everything the server is told, checked. */
export interface Settings {
  readonly shim: ShimSettings;
  readonly service: ServiceSettings;
  /** The first is the default. Each has its own `model_alias`. None: only with `models_dir`. */
  readonly models: readonly ModelSettings[];
  /** What models of `models_dir` have beside their file, in a form that the schema takes. */
  readonly folderModel: Values;
  /** Absolute path of the config file. */
  readonly configFile: string | undefined;
  /** No model was named, so that the one in the package is served. */
  readonly embedded: boolean;
}

export interface LoadedConfig {
  readonly settings: Settings;
  /** Sentences about what has no effect. */
  readonly warnings: readonly string[];
}

/** From the environment they win over the config file, as in llama_cpp.server; other variables fill what it leaves out. */
const environmentFirst: ReadonlySet<string> = new Set(["host", "port"]);

/**
 * Merges config file, command line and environment into the settings, checks all of them and the files they name.
 *
 * For the server: flag, then HOST and PORT, then config file, then other variables, then default. For a model: config
 * file (without one: flag), then variable, then default. Throws a ConfigError that has every problem.
 */
export function loadConfig({ flags, env, cwd }: ConfigSources): LoadedConfig {
  const vocabulary = createVocabulary();
  const findings: Findings = { problems: new Problems(), warnings: new Set() };
  const given = fromFlags(flags, cwd);
  const variables = fromEnvironment(env, cwd);
  const configFile = configPath(given, variables, findings);
  const list = configFile === undefined ? listOfVariable(variables) : fromFile(configFile, variables);

  if (list !== undefined) {
    refuseMisplaced(vocabulary, list, findings.problems);
    refuseModelFlags(vocabulary, given, list.name, findings.problems);
  }
  const server = merge(vocabulary, "server", (name) => {
    const override = environmentFirst.has(name) ? variables.get(name) : undefined;
    warnOfOverride(given.get(name), override, findings);
    return given.get(name) ?? override ?? list?.server.get(name) ?? variables.get(name);
  });
  const named = given.has("model") || variables.has("model");
  const hasFolder = server.has("models_dir");
  const embedded = list === undefined && !named && !hasFolder;
  const preset = embedded ? embeddedModel() : nothing;
  const single = named || embedded ? [given] : [];
  const models = (list === undefined ? single : list.models).map((model) =>
    merge(vocabulary, "model", (name) => model.get(name) ?? variables.get(name) ?? preset.get(name)),
  );

  const context = { vocabulary, findings, cwd };
  const top = readGiven("server", server, context);
  const service = parseValues(serviceSettingsSchema, top, findings.problems);
  const shim = parseValues(shimSettingsSchema, top, findings.problems);
  const ready = readModels(models, list?.itemsName, context);
  checkAliases(service, ready, findings);
  if (list?.models.length === 0 && !hasFolder)
    findings.problems.add(`${list.name} lists no models: add {"model": "PATH"} to models`);
  // What flags and variables say of models holds for those of the folder, which no item describes.
  const folderModel = readGiven(
    "model",
    merge(vocabulary, "model", (name) =>
      fileOnly.has(name) ? undefined : ((list ? undefined : given.get(name)) ?? variables.get(name)),
    ),
    context,
  );
  findings.problems.throwIfAny();
  if (service === undefined || shim === undefined) throw new Error("settings are missing without a problem");
  const settings = { shim, service, models: ready, folderModel, configFile, embedded };
  return { settings, warnings: [...findings.warnings] };
}

function checkAliases(
  service: ServiceSettings | undefined,
  models: readonly ModelSettings[],
  { problems }: Findings,
): void {
  const ids = models.map(({ model_alias: id }) => id);
  for (const [name, meant] of Object.entries(service?.model_aliases ?? {})) {
    if (ids.includes(meant)) continue;
    problems.add(`model_aliases["${name}"] is "${meant}", which is not configured (have: ${ids.join(", ")})`);
  }
}

/** Settings that name one model's files. */
const fileOnly: ReadonlySet<string> = new Set([
  "model",
  "model_alias",
  "hf_model_repo_id",
  "lora_path",
  "clip_model_path",
  "lora_adapters",
  "mmproj",
  "draft_model",
  "pin",
]);

const nothing: GivenSettings = new Map();

function merge(vocabulary: Vocabulary, scope: Scope, choose: (name: string) => Given | undefined): GivenSettings {
  const merged = new Map<string, Given>();
  for (const name of namesIn(vocabulary, scope)) {
    const given = choose(name);
    if (given !== undefined) merged.set(name, given);
  }
  return merged;
}

/** A flag is what the user just typed: it wins, and the loser is named. */
function warnOfOverride(flag: Given | undefined, variable: Given | undefined, { warnings }: Findings): void {
  if (flag === undefined || variable === undefined || flag.value === variable.value) return;
  warnings.add(`${variable.where} (${String(variable.value)}) gives way to ${flag.where} ${String(flag.value)}`);
}

/** CONFIG_FILE wins over --config_file, as in llama_cpp.server. */
function configPath(flags: GivenSettings, variables: GivenSettings, { warnings }: Findings): string | undefined {
  const flag = flags.get("config_file");
  const variable = variables.get("config_file");
  const chosen = variable === undefined || variable.value === "" ? flag : variable;
  if (chosen === undefined) return undefined;
  if (flag !== undefined && flag.value !== chosen.value)
    warnings.add(`${flag.where} ${String(flag.value)} is not read: ${chosen.where} names ${String(chosen.value)}`);
  return resolve(chosen.base, String(chosen.value));
}

function listOfVariable(variables: GivenSettings): ModelList | undefined {
  const variable = variables.get("models");
  return variable === undefined ? undefined : fromModelsVariable(variable);
}
