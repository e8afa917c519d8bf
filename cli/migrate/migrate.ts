import { dirname, resolve } from "node:path";
import { writeFileSync } from "node:fs";
import { ConfigError } from "../../config/config-error.ts";
import { fromFile } from "../../config/sources/sources.ts";
import { distinctAliases } from "./distinct-aliases.ts";
import { additions, differences } from "./replaced-server.ts";
import { table, wrap } from "../help/table.ts";
import { otherDefaults, type TranslateContext, type Translation, translate } from "./translate.ts";

export type MigrateContext = Omit<TranslateContext, "folder">;

/**
 * Explains a config file of llama_cpp.server setting by setting, and gives one that behaves the same here. The new one
 * is part of the returned text; with `output` it is written there instead, which must not exist.
 *
 * @throws ConfigError when the file cannot be read or written
 */
export function migrate(
  { file, output }: { readonly file: string; readonly output: string | undefined },
  { vocabulary, env, cwd }: MigrateContext,
): string {
  const path = resolve(cwd, file);
  const old = fromFile(path, new Map());
  if (old.models.length === 0)
    throw new ConfigError([`config file ${path} lists no models: there is nothing to migrate`]);

  const target = output === undefined ? path : resolve(cwd, output);
  const context = { vocabulary, env, cwd, folder: dirname(target) };
  const server = translate("server", old.server, context);
  const models = distinctAliases(old.models.map((model) => translate("model", model, context)));
  const added = Object.entries(additions).filter(([name]) => !old.server.has(name));
  const config = {
    ...server.config,
    ...Object.fromEntries(added.map(([name, { value }]) => [name, value])),
    models: models.map((model) => model.config),
  };
  const json = JSON.stringify(config, undefined, 2);
  if (output !== undefined) write(target, `${json}\n`);

  return [
    `${path}, setting by setting:`,
    section(
      "The server",
      server,
      added.map(([name, { value, about }]) => [`+ ${name}: ${JSON.stringify(value)}`, about]),
    ),
    ...models.map((model, index) => section(`models[${index}]`, model)),
    `Defaults that are different, and need no attention:\n${table(otherDefaults(vocabulary))}`,
    `What else is different:\n${differences.map(bullet).join("\n")}`,
    output === undefined
      ? `A config that does the same here:\n${json}`
      : `A config that does the same here is in ${target}.`,
  ].join("\n\n");
}

function section(title: string, { lines }: Translation, more: Translation["lines"] = []): string {
  const all = [...lines, ...more];
  return all.length === 0 ? `${title}: nothing is set.` : `${title}:\n${table(all)}`;
}

function bullet(sentence: string): string {
  return wrap(sentence, 106)
    .map((line, index) => (index === 0 ? `  - ${line}` : `    ${line}`))
    .join("\n");
}

function write(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: "wx" });
  } catch (error) {
    const exists = error instanceof Error && "code" in error && error.code === "EEXIST";
    const reason = exists
      ? "exists already: name a new file"
      : `cannot be written: ${error instanceof Error ? error.message : String(error)}`;
    throw new ConfigError([`${path} ${reason}`]);
  }
}
