import type { Vocabulary } from "../../config/vocabulary.ts";
import { type CommandName, commands } from "../arguments/commands.ts";
import { usageOf } from "../arguments/parse-words.ts";
import { settingsText } from "./help.ts";
import { table, wrap } from "./table.ts";

/** What `tokenwire help COMMAND` prints. */
export function commandHelp(name: CommandName, vocabulary: Vocabulary): string {
  const { about, more, options, settings } = commands[name];
  const rows = Object.entries(options).map(
    ([flag, { value, about: text }]) => [`--${flag} ${value ?? ""}`.trimEnd(), text] as const,
  );
  const paragraphs = (more ?? "").split("\n").flatMap((line) => wrap(line, 110));
  return [
    usageOf(name),
    `${about}.`,
    ...(more === undefined ? [] : [paragraphs.join("\n")]),
    ...(rows.length === 0 ? [] : [`Flags:\n${table(rows)}`]),
    ...(settings ? [settingsText(vocabulary)] : []),
  ].join("\n\n");
}
