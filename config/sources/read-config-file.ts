import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { type Document, parseDocument } from "yaml";
import { ConfigError } from "../config-error.ts";

/**
 * Reads a config file: YAML by the endings .yaml and .yml, else JSON, in which comments and trailing commas are allowed, as
 * editors do in their own. Throws a ConfigError that names the file, and
 * the line and column where it cannot be read.
 *
 * @param path absolute
 */
export function readConfigFile(path: string): Readonly<Record<string, unknown>> {
  const text = readText(path).replace(/^\uFEFF/, "");
  if (text.trim() === "")
    throw new ConfigError([`config file ${path} is empty: write {"models": [{"model": "PATH"}]}`]);
  const value = isYaml(path) ? parseYaml(path, text) : parseJson(path, text);
  if (isObject(value)) return value;
  throw new ConfigError([`config file ${path} holds no object: write {"models": [{"model": "PATH"}]}`]);
}

/** Whether the ending of a path says YAML. */
export function isYaml(path: string): boolean {
  return /^\.ya?ml$/i.test(extname(path));
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT")
      throw new ConfigError([`config file ${path} does not exist: check --config_file or CONFIG_FILE`]);
    if (code === "EISDIR") throw new ConfigError([`config file ${path} is a folder: name the file in it`]);
    throw new ConfigError([`config file ${path} cannot be read: ${describe(error)}`]);
  }
}

function parseJson(path: string, written: string): unknown {
  let value: unknown;
  const text = withoutComments(written);
  try {
    value = JSON.parse(text);
  } catch (error) {
    const [place, message] = placeOf(text, describe(error));
    throw new ConfigError([`config file ${path} is not JSON at ${place}: ${message}`]);
  }
  // JSON.parse takes the last of two equal keys and drops the others; every JSON text is YAML too.
  for (const error of readYaml(path, text).errors) {
    if (error.code === "DUPLICATE_KEY") refuseYaml(path, error);
  }
  return value;
}

/** Comments and trailing commas become spaces, so that every place in the text stays what it was. */
function withoutComments(text: string): string {
  const blank = (found: string) => (found.startsWith('"') ? found : found.replace(/[^\n]/g, " "));
  return text
    .replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, blank)
    .replace(/"(?:[^"\\]|\\.)*"|,(?=\s*[}\]])/g, blank);
}

function parseYaml(path: string, text: string): unknown {
  const document = readYaml(path, text);
  const [error] = document.errors;
  if (error !== undefined) refuseYaml(path, error);
  try {
    const value: unknown = document.toJS({ maxAliasCount: 100 });
    // Throws on an alias inside of what it stands for.
    JSON.stringify(value);
    return value;
  } catch (cause) {
    // Aliases that point nowhere, or that blow up.
    throw new ConfigError([`config file ${path} cannot be read: ${describe(cause)}`]);
  }
}

function readYaml(path: string, text: string): Document.Parsed {
  try {
    // `<<: *defaults` is how YAML configs share settings between models.
    return parseDocument(text, { merge: true, prettyErrors: true });
  } catch (error) {
    // A text that is nested too deeply for the parser's stack.
    throw new ConfigError([`config file ${path} cannot be read: ${describe(error)}`]);
  }
}

function refuseYaml(path: string, error: Document.Parsed["errors"][number]): never {
  const [start] = error.linePos ?? [];
  const place = start === undefined ? "" : ` at line ${start.line}, column ${start.col}`;
  // The message's first line is the sentence, the rest quotes the file.
  const [line = error.code] = error.message.split("\n");
  const sentence = sentences[error.code] ?? line.replace(/ at line \d+, column \d+:?$/, "");
  throw new ConfigError([`config file ${path} is wrong${place}: ${sentence}`]);
}

/** What the YAML library says in words of its own API. */
const sentences: Readonly<Partial<Record<string, string>>> = {
  DUPLICATE_KEY: "the key is there twice; keep one",
  MULTIPLE_DOCS: "a second document begins; keep one",
};

/** Where and why a text is not JSON. */
function placeOf(text: string, message: string): readonly [string, string] {
  const [, position] = / at position (\d+)/.exec(message) ?? [];
  const before = text.slice(0, position === undefined ? unexpectedToken(text) : Number(position)).split("\n");
  const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
  return [place, message.replace(/ (?:in JSON )?at position.*$/s, "").replace(/, (?:\.{3})?".*$/s, "")];
}

/**
 * V8 does not say where an unexpected token is. It is the last character of the shortest beginning of the text that is
 * refused with the same message; when there is none, the text ends too early.
 */
function unexpectedToken(text: string): number {
  let [without, within] = [0, text.length + 1];
  while (within - without > 1) {
    const middle = (without + within) >> 1;
    if (middle <= text.length && isRefusedForToken(text.slice(0, middle))) within = middle;
    else without = middle;
  }
  return within - 1;
}

function isRefusedForToken(text: string): boolean {
  try {
    JSON.parse(text);
    return false;
  } catch (error) {
    return describe(error).startsWith("Unexpected token");
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
