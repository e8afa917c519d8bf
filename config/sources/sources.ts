import { dirname } from "node:path";
import type { Environment } from "../config.ts";
import { ConfigError } from "../config-error.ts";
import type { Given, GivenSettings } from "../values/given.ts";
import { isObject, readConfigFile } from "./read-config-file.ts";

/** Settings from the command line, by name. */
export type Flags = ReadonlyMap<string, Flag>;

export interface Flag {
  /** As the user wrote it, without the value: `--n-ctx`. */
  readonly flag: string;
  /** One text, or several for a list. */
  readonly value: string | readonly string[];
}

/** A list of models and the settings of the server, as one source has them: the config file, or MODELS. */
export interface ModelList {
  /** How messages call the source. */
  readonly name: string;
  readonly server: GivenSettings;
  readonly models: readonly GivenSettings[];
  /** How messages call the list: `models`, so that an item is `models[0]`. */
  readonly itemsName: string;
}

/** What the command line says. */
export function fromFlags(flags: Flags, cwd: string): GivenSettings {
  const given = [...flags].map(([name, { flag, value }]): [string, Given] => [name, { value, where: flag, base: cwd }]);
  return new Map(given);
}

/** What the environment says: the names of the settings in any case. */
export function fromEnvironment(env: Environment, cwd: string): GivenSettings {
  const given = new Map<string, Given>();
  for (const [variable, value] of Object.entries(env)) {
    if (value === undefined) continue;
    given.set(variable.toLowerCase(), { value, where: `environment variable ${variable}`, base: cwd });
  }
  return given;
}

/**
 * Reads a config file; a list of models that it does not have is taken from the environment. Throws a ConfigError when
 * the file cannot be read.
 */
export function fromFile(path: string, variables: GivenSettings): ModelList {
  const content = readConfigFile(path);
  const base = dirname(path);
  const server = new Map<string, Given>();
  for (const [name, value] of Object.entries(content)) {
    // Editors find the JSON Schema of the file by it.
    if (name !== "models" && name !== "$schema") server.set(name, { value, where: name, base });
  }
  const name = `config file ${path}`;
  const variable = variables.get("models");
  if ("models" in content || variable === undefined)
    return { name, server, models: modelsOf(content["models"] ?? [], "models", base), itemsName: "models" };
  return { ...fromModelsVariable(variable), name, server };
}

/** Reads the environment variable MODELS, which holds what the config file has under `models`. */
export function fromModelsVariable({ value, where, base }: Given): ModelList {
  const itemsName = where.replace(/^.* /, "");
  let list: unknown;
  try {
    list = JSON.parse(String(value));
  } catch (error) {
    throw new ConfigError([
      `${where} is not a JSON list of models: ${error instanceof Error ? error.message : String(error)}`,
    ]);
  }
  return { name: where, server: new Map(), models: modelsOf(list, itemsName, base), itemsName };
}

function modelsOf(list: unknown, name: string, base: string): GivenSettings[] {
  if (!Array.isArray(list)) throw new ConfigError([`${name} is not a list: write [{"model": "PATH"}]`]);
  return list.map((item: unknown, index) => {
    const where = `${name}[${index}]`;
    if (!isObject(item)) throw new ConfigError([`${where} is not an object: write {"model": "PATH"}`]);
    return new Map(Object.entries(item).map(([key, value]) => [key, { value, where: `${where}.${key}`, base }]));
  });
}
