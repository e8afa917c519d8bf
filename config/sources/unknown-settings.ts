import type { Problems } from "../config-error.ts";
import type { GivenSettings } from "../values/given.ts";
import type { ModelList } from "./sources.ts";
import { suggest } from "../suggest.ts";
import { namesIn, type Scope, type Vocabulary } from "../vocabulary.ts";

/** Finds the keys of a config file that mean nothing where they stand. */
export function refuseMisplaced(vocabulary: Vocabulary, list: ModelList, problems: Problems): void {
  check(vocabulary, "server", list.server, problems);
  for (const model of list.models) check(vocabulary, "model", model, problems);
}

/** A flag about a model would leave open which of the list it means. */
export function refuseModelFlags(
  vocabulary: Vocabulary,
  flags: GivenSettings,
  listName: string,
  problems: Problems,
): void {
  for (const [name, { where }] of flags) {
    if (vocabulary.get(name)?.scope === "model")
      problems.add(`${where} is a setting of one model, and ${listName} lists the models: write ${name} there instead`);
  }
}

function check(vocabulary: Vocabulary, scope: Scope, given: GivenSettings, problems: Problems): void {
  for (const [name, { where }] of given) {
    const known = vocabulary.get(name);
    if (known?.scope === scope) continue;
    problems.add(`${where} ${known === undefined ? unknown(vocabulary, scope, name) : places[known.scope]}`);
  }
}

const places: Readonly<Record<Scope, string>> = {
  model: "is a setting of a model: move it into the items of models",
  server: "is a setting of the server: move it to the top of the file",
};

function unknown(vocabulary: Vocabulary, scope: Scope, name: string): string {
  const here = suggest(name, [...namesIn(vocabulary, scope), ...(scope === "server" ? ["models"] : [])]);
  return `is not a setting${here === "" ? suggest(name, vocabulary.keys()) : here}: correct or remove it; --help lists all of them`;
}
