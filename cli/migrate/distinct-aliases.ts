import type { Translation } from "./translate.ts";

/**
 * Gives each model a name of its own. Of several with one name that server answered requests with the last, and loaded
 * the first of all as the default; so the last keeps the name.
 */
export function distinctAliases(models: readonly Translation[]): Translation[] {
  const names = models.map(({ config }) => String(config["model_alias"] ?? config["model"]));
  return models.map((model, index) => {
    const name = names[index] ?? "";
    if (names.lastIndexOf(name) === index) return model;
    const model_alias = `${name}-${index}`;
    const about = `The last model called ${name} answered requests for that name; here each needs its own.`;
    return {
      config: { ...model.config, model_alias },
      lines: [...model.lines, { mark: "~", name: "model_alias", setting: `model_alias: "${model_alias}"`, about }],
    };
  });
}
