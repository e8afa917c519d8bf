import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { readTokenizerConfig, tokenizerConfigName } from "../../settings/model/file-settings.ts";
import { parseAdapter } from "../../settings/model/lora-adapters.ts";
import { ggufFault } from "./gguf-file.ts";
import type { Given, GivenSettings } from "../values/given.ts";

type Fault = (path: string) => string | undefined;

/** Settings that name files and folders, and what is wrong with one, as the end of a sentence. */
const faults: Readonly<Partial<Record<string, Fault>>> = {
  model: ggufFault,
  lora_path: ggufFault,
  clip_model_path: ggufFault,
  mmproj: ggufFault,
  draft_model: ggufFault,
  hf_tokenizer_config_path: tokenizerFault,
  hf_pretrained_model_name_or_path: modelFolderFault,
  hf_cache_dir: folderFault,
  models_dir: folderFault,
  cache_dir: folderFault,
  slot_save_path: folderFault,
  ssl_keyfile: textFault,
  ssl_certfile: textFault,
  grpc_ca_certfile: textFault,
};

/** Whether a setting names a file or a folder, at least with some of its values. */
export function isFile(name: string): boolean {
  return name in faults || /_(path|dir|file)$/.test(name);
}

/**
 * Whether a setting's value is the path of a file or folder that is used as it is.
 *
 * @param settings those beside it
 * @param base absolute: where relative paths start
 */
export function isPath(
  name: string,
  value: string,
  { settings, base }: { settings: GivenSettings; base: string },
): boolean {
  switch (name) {
    case "model":
      // Else it is a name in the repository.
      return (settings.get("hf_model_repo_id")?.value ?? null) === null;
    case "clip_model_path":
    case "mmproj":
      // As for the model, but a file of one's own may go with a repository's model.
      return (settings.get("hf_model_repo_id")?.value ?? null) === null || /^[./~\\]/.test(value);
    case "draft_model":
      // Any other value means guesses without a model, as it did in llama_cpp.server.
      return value.endsWith(".gguf");
    case "hf_pretrained_model_name_or_path":
      return /^[./~\\]/.test(value) || existsSync(resolve(base, value));
    default:
      return name in faults;
  }
}

export type Resolved =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

export interface ResolveContext {
  /** All that is given for the same model, or for the server. */
  readonly settings: GivenSettings;
  /** Absolute. */
  readonly cwd: string;
}

/**
 * What a setting's value is once files are looked up: paths become absolute and their files are checked, a template in
 * a file becomes its text; other settings stay as they are.
 */
export function resolveFile(name: string, value: unknown, given: Given, { settings, cwd }: ResolveContext): Resolved {
  if (name === "lora_adapters" && Array.isArray(value)) return resolveAdapters(value, given);
  if (typeof value !== "string") return { ok: true, value };
  const isTemplateFile = name === "chat_template" && !isTemplate(value);
  const { base } = given;
  const fault = isTemplateFile ? templateFault : isPath(name, value, { settings, base }) ? faults[name] : undefined;
  // The setting's schema knows what ~ is.
  if (fault === undefined || (fault === folderFault && value.startsWith("~"))) return { ok: true, value };
  const path = resolve(base, value);
  const wrong = fault(path);
  if (wrong !== undefined)
    return { ok: false, problem: `${given.where} ${path} ${wrong}${elsewhere(value, path, cwd)}` };
  return { ok: true, value: isTemplateFile ? readFileSync(path, "utf8") : path };
}

/** A list of files, each perhaps with a scale behind it; what is not a text is the schema's to refuse. */
function resolveAdapters(list: readonly unknown[], { base, where }: Given): Resolved {
  const resolved: unknown[] = [];
  for (const [index, item] of list.entries()) {
    if (typeof item !== "string") return { ok: true, value: list };
    const { path, scale } = parseAdapter(item);
    const file = resolve(base, path);
    const wrong = ggufFault(file);
    if (wrong !== undefined) return { ok: false, problem: `${where}[${index}] ${file} ${wrong}` };
    resolved.push(`${file}:${scale}`);
  }
  return { ok: true, value: resolved };
}

/** No path holds what every Jinja template holds. */
function isTemplate(text: string): boolean {
  return /\{[{%#]|\n/.test(text);
}

function templateFault(path: string): string | undefined {
  return textFault(path) ?? (isTemplate(readFileSync(path, "utf8")) ? undefined : "holds no Jinja template");
}

function tokenizerFault(path: string): string | undefined {
  const fault = textFault(path);
  if (fault !== undefined) return fault;
  try {
    readTokenizerConfig(path);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function modelFolderFault(folder: string): string | undefined {
  const file = join(folder, tokenizerConfigName);
  return existsSync(folder) && !existsSync(file) ? `has no ${tokenizerConfigName}` : tokenizerFault(file);
}

/** One that is not there is made when it is needed. */
function folderFault(path: string): string | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === false ? "is not a folder" : undefined;
  } catch (error) {
    return `cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function textFault(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return "is not a file";
    readFileSync(path);
    return undefined;
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return missing
      ? "does not exist: check the path"
      : `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** llama_cpp.server looked in the working directory, so old configs may mean that. */
function elsewhere(value: string, path: string, cwd: string): string {
  const there = resolve(cwd, value);
  return there !== path && existsSync(there)
    ? `; relative paths start at the config file's folder: write ${there}`
    : "";
}
