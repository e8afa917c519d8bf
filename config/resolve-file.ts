import { existsSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Given } from "./given.ts";
import { ggufFault } from "./gguf-file.ts";

type Fault = (path: string) => string | undefined;

/** Settings that name files, and what is wrong with a file, as the end of a sentence. */
const files: Readonly<Partial<Record<string, Fault>>> = {
  model: ggufFault,
  lora_path: ggufFault,
  draft_model: ggufFault,
  ssl_keyfile: textFault,
  ssl_certfile: textFault,
};

/** Whether a setting's value is the path of a file that is used as it is. */
export function isPath(name: string, value: string): boolean {
  // Any other value means guesses without a model, as it did in llama_cpp.server.
  if (name === "draft_model") return value.endsWith(".gguf");
  return name in files;
}

export type Resolved =
  { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly problem: string };

/**
 * What a setting's value is once files are looked up: paths become absolute and their files are checked, a template in
 * a file becomes its text; other settings stay as they are.
 */
export function resolveFile(name: string, value: unknown, given: Given, cwd: string): Resolved {
  if (typeof value !== "string") return { ok: true, value };
  const isTemplateFile = name === "chat_template" && !isTemplate(value);
  const fault = isTemplateFile ? templateFault : isPath(name, value) ? files[name] : undefined;
  if (fault === undefined) return { ok: true, value };
  const path = resolve(given.base, value);
  const wrong = fault(path);
  if (wrong !== undefined)
    return { ok: false, problem: `${given.where} ${path} ${wrong}${elsewhere(value, path, cwd)}` };
  return { ok: true, value: isTemplateFile ? readFileSync(path, "utf8") : path };
}

/** No path holds what every Jinja template holds. */
function isTemplate(text: string): boolean {
  return /\{[{%#]|\n/.test(text);
}

function templateFault(path: string): string | undefined {
  return textFault(path) ?? (isTemplate(readFileSync(path, "utf8")) ? undefined : "holds no Jinja template");
}

function textFault(path: string): string | undefined {
  try {
    if (!statSync(path).isFile()) return "is no file";
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
