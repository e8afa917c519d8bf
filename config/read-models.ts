import { isDeepStrictEqual } from "node:util";
import { type ModelSettings, modelSettingsSchema } from "../settings/settings.ts";
import { conflicts } from "../settings/model/conflicts.ts";
import { ineffective } from "../settings/model/ineffective.ts";
import type { Problems } from "./config-error.ts";
import type { GivenSettings } from "./values/given.ts";
import { parseValues, type ReadContext, readGiven, type Values } from "./values/read-given.ts";

/**
 * The models of a configuration, those that are right; what is wrong goes to the findings.
 *
 * @param itemsName what messages call the list they come from; undefined: it is one model, from flags and variables
 */
export function readModels(
  models: readonly GivenSettings[],
  itemsName: string | undefined,
  context: ReadContext,
): readonly ModelSettings[] {
  const { problems, warnings } = context.findings;
  const owners = new Map<string, string>();
  return models.flatMap((given, index) => {
    const prefix = itemsName === undefined ? "" : `${itemsName}[${index}].`;
    const values = foldNames(readGiven("model", given, context), { given, problems });
    const written = given.get("model");
    if (written === undefined) problems.add(`${prefix}model is missing: name a GGUF file`);
    const alias = values["model_alias"] ?? written?.value;
    if (typeof alias === "string") claim(alias, `${itemsName}[${index}]`, owners, problems);
    // Reported already.
    if (values["model"] === undefined) return [];

    const model = parseValues(modelSettingsSchema, { ...values, model_alias: alias }, problems);
    if (model === undefined) return [];
    for (const [setting, fault] of conflicts(model))
      problems.add(`${given.get(setting)?.where ?? `${prefix}${setting}`} ${fault}`);
    for (const [setting, because] of ineffective(model)) {
      const where = given.get(setting)?.where;
      if (where !== undefined && isChosen(setting, model)) warnings.add(`${where} has no effect: ${because}`);
    }
    return [model];
  });
}

/** Of two names for the same setting the older one remains. */
function foldNames(
  { mmproj, ...values }: Values,
  { given, problems }: { readonly given: GivenSettings; readonly problems: Problems },
): Values {
  if (mmproj === undefined) return values;
  if (values["clip_model_path"] !== undefined)
    problems.add(`${given.get("mmproj")?.where ?? "mmproj"} is another name of clip_model_path: keep one`);
  return { ...values, clip_model_path: mmproj };
}

/** Whether a value is another than what an unset one would be, so that its author may wait for an effect. */
function isChosen(setting: keyof ModelSettings, model: ModelSettings): boolean {
  return !isDeepStrictEqual(model[setting], modelSettingsSchema.shape[setting].safeParse(undefined).data);
}

/** Requests find a model by its alias alone. */
function claim(alias: string, item: string, owners: Map<string, string>, problems: Problems): void {
  const owner = owners.get(alias);
  if (owner === undefined) owners.set(alias, item);
  else
    problems.add(`${item}.model_alias "${alias}" is the name of ${owner} already: give each model a name of its own`);
}
