import { modelSettingGroups } from "../settings/settings.ts";
import { restSettings, separateRestSettings } from "../settings/rest-settings.ts";
import { serviceSettings } from "../settings/service-settings.ts";
import type { Setting, Settings } from "../settings/setting.ts";
import { type JsonSchema, jsonOf } from "./values/json-of.ts";

/** Where a setting stands: in each item of `models`, or at the top of the config file. */
export type Scope = "model" | "server";

/** One setting as the config file, the flags and the environment know it. */
export interface Term {
  readonly name: string;
  readonly scope: Scope;
  readonly group: string;
  readonly setting: Setting;
  /** The JSON Schema of what may be written. */
  readonly json: JsonSchema;
}

/** Every setting by name. A name means one thing, whatever its scope. */
export type Vocabulary = ReadonlyMap<string, Term>;

/** All settings of a server, in the order in which `--help` shows them. */
export function createVocabulary(): Vocabulary {
  return vocabularyOf([
    ["server", "REST server", restSettings],
    ["server", "gRPC service", serviceSettings],
    ...Object.entries(modelSettingGroups).map(([group, settings]) => ["model", group, settings] as const),
  ]);
}

/** All settings of a shim as a process of its own. */
export function createShimVocabulary(): Vocabulary {
  return vocabularyOf([["server", "REST server", separateRestSettings]]);
}

function vocabularyOf(groups: readonly (readonly [Scope, string, Settings])[]): Vocabulary {
  const terms = new Map<string, Term>();
  for (const [scope, group, settings] of groups) {
    for (const [name, setting] of Object.entries(settings)) {
      if (terms.has(name)) throw new Error(`two settings are called ${name}`);
      terms.set(name, { name, scope, group, setting, json: jsonOf(setting.schema) });
    }
  }
  return terms;
}

/** The names of a scope. */
export function namesIn(vocabulary: Vocabulary, scope: Scope): string[] {
  return [...vocabulary.values()].filter((term) => term.scope === scope).map((term) => term.name);
}
