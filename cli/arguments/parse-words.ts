import { ConfigError } from "../../config/config-error.ts";
import { suggest } from "../../config/suggest.ts";
import { type CommandName, commands } from "./commands.ts";

/** A command's words, taken apart. */
export interface Words {
  /** Each flag's values by its name; a switch has "true". */
  readonly flags: ReadonlyMap<string, readonly string[]>;
  readonly operands: readonly string[];
}

/**
 * Reads the words after a command's name by the table of commands. Flags may stand anywhere; what follows `--` is no
 * flag. Throws ConfigError with what is wrong.
 */
export function parseWords(name: CommandName, words: readonly string[]): Words {
  const spec = commands[name];
  const flags = new Map<string, readonly string[]>();
  const operands: string[] = [];
  for (let at = 0; at < words.length;) {
    const word = words[at++] ?? "";
    if (word === "--") {
      operands.push(...words.slice(at));
      break;
    }
    if (!/^-./.test(word)) {
      operands.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const flag = equals === -1 ? word : word.slice(0, equals);
    const key = flag.slice(2).toLowerCase().replaceAll("-", "_");
    const option = flag.startsWith("--") && Object.hasOwn(spec.options, key) ? spec.options[key] : undefined;
    if (option === undefined) throw unknownFlag(name, flag);
    const value = equals !== -1 ? word.slice(equals + 1) : option.value === undefined ? "true" : words[at++];
    if (value === undefined || (equals === -1 && value.startsWith("--")))
      throw new ConfigError([`--${key} needs a value: --${key} ${option.value} (${usageOf(name)})`]);
    if (option.value === undefined && value !== "true")
      throw new ConfigError([`--${key} is a switch: it takes no value`]);
    const before = flags.get(key) ?? [];
    if (before.length > 0 && !option.list) throw new ConfigError([`--${key} is given twice: keep one`]);
    flags.set(key, [...before, value]);
  }
  const [min, max] = spec.operands;
  if (operands.length < min || operands.length > max) throw new ConfigError([miscounted(name, operands)]);
  return { flags, operands };
}

/** The one value of a flag that has at most one. */
export function valueOf({ flags }: Words, name: string): string | undefined {
  return flags.get(name)?.[0];
}

export interface NumberRange {
  readonly min: number;
  readonly max?: number;
  readonly whole?: true;
}

/** A flag's value as a number. Throws ConfigError when it is none, or out of range. */
export function numberOf(words: Words, name: string, range: NumberRange): number | undefined {
  const text = valueOf(words, name);
  return text === undefined ? undefined : toNumber(text, `--${name}`, range);
}

/** A text as a number; `what` begins the sentence when it is none. */
export function toNumber(text: string, what: string, { min, max = 2 ** 32 - 1, whole }: NumberRange): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
  throw new ConfigError([`${what} is "${text}": must be a ${whole ? "whole " : ""}number from ${min} to ${max}`]);
}

/** How a command is called. */
export function usageOf(name: CommandName): string {
  return `tokenwire ${name} ${commands[name].usage}`.trimEnd();
}

function unknownFlag(name: CommandName, flag: string): ConfigError {
  const known = Object.keys(commands[name].options).map((one) => `--${one}`);
  const has = known.length === 0 ? "it has none" : `it has ${known.join(", ")}`;
  return new ConfigError([`${flag} is not a flag of ${name}${suggest(flag, known)}: ${has}`]);
}

function miscounted(name: CommandName, operands: readonly string[]): string {
  const [, max] = commands[name].operands;
  if (operands.length <= max) return `a word is missing: ${usageOf(name)}`;
  const extra = operands.slice(max).map((word) => `"${word}"`);
  return `${name} does not take ${extra.join(" ")}: ${usageOf(name)}${max > 0 ? " (quote what has spaces)" : ""}`;
}
