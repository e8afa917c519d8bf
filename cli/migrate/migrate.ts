import { dirname, resolve } from "node:path";
import { existsSync, writeFileSync } from "node:fs";
import { ConfigError } from "../../config/config-error.ts";
import { fromFile } from "../../config/sources/sources.ts";
import { distinctAliases } from "./distinct-aliases.ts";
import { additions, differences } from "./replaced-server.ts";
import { table, wrap } from "../help/table.ts";
import { type Line, otherDefaults, type TranslateContext, translate } from "./translate.ts";

export type MigrateContext = Omit<TranslateContext, "folder">;

/**
 * Explains a config file of llama_cpp.server, first what changes, and gives one that behaves the same here. The new one
 * is part of the returned text; with `output` it is written there instead, which must not exist.
 *
 * @throws ConfigError when the file cannot be read or written
 */
export function migrate(
  { file, output }: { readonly file: string; readonly output: string | undefined },
  { vocabulary, env, cwd }: MigrateContext,
): string {
  const path = resolve(cwd, file);
  if (!existsSync(path))
    throw new ConfigError([`${path} does not exist: name the config file of llama_cpp.server to migrate`]);
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

  const more = added.map(([name, { value, about }]): Line => {
    return { mark: "+", name, setting: `${name}: ${JSON.stringify(value)}`, about };
  });
  const parts = [
    { title: "the server", lines: [...server.lines, ...more] },
    ...models.map(({ lines }, index) => ({ title: `models[${index}]`, lines })),
  ];
  return [
    `What changes in ${path}`,
    "- is left out, + is added so that it does what it did, ~ is written differently:",
    ...parts.map((part) => changes(part)),
    `Stays as it is:\n${parts.map(kept).join("\n")}`,
    `What is different whatever the file says:\n${differences.map(bullet).join("\n")}`,
    `Defaults that differ, and need no attention:\n${table(otherDefaults(vocabulary))}`,
    output === undefined
      ? `A config that does the same here:\n${json}`
      : `A config that does the same here is in ${target}.`,
  ].join("\n\n");
}

interface Part {
  readonly title: string;
  readonly lines: readonly Line[];
}

function changes({ title, lines }: Part): string {
  const changed = lines.filter(({ mark }) => mark !== "=");
  if (changed.length === 0) return `In ${title}: nothing.`;
  return `In ${title}:\n${table(changed.map(({ mark, setting, about }) => [`${mark} ${setting}`, about]))}`;
}

/** The names alone, and below them what is to be known about some. */
function kept({ title, lines }: Part): string {
  const same = lines.filter(({ mark }) => mark === "=");
  const names = same.length === 0 ? "nothing" : same.map(({ name }) => name).join(", ");
  const notes = same.filter(({ about }) => about !== "").map(({ name, about }) => [`  ${name}`, about] as const);
  return [
    ...wrap(`${title}: ${names}`, 106).map((line) => `  ${line}`),
    ...(notes.length > 0 ? [table(notes)] : []),
  ].join("\n");
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
