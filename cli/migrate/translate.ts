import { isDeepStrictEqual } from "node:util";
import { resolve } from "node:path";
import type { Environment } from "../../config/config.ts";
import { coerce } from "../../config/values/coerce.ts";
import { expects } from "../../config/values/expects.ts";
import { type Given, type GivenSettings, neutralValue, shown } from "../../config/values/given.ts";
import { isPath } from "../../config/files/resolve-file.ts";
import type { Scope, Term, Vocabulary } from "../../config/vocabulary.ts";
import { required } from "../../settings/setting.ts";
import { notes } from "./replaced-server.ts";

/** A part of an old config in our words. */
export interface Translation {
  readonly config: Readonly<Record<string, unknown>>;
  readonly lines: readonly Line[];
}

/** What becomes of a setting: `=` it stays, `+` it is added, `-` it is left out, `~` it is written differently. */
export interface Line {
  readonly mark: "=" | "+" | "-" | "~";
  readonly name: string;
  /** `n_ctx: 4096` */
  readonly setting: string;
  /** "" where there is nothing to say. */
  readonly about: string;
}

export interface TranslateContext {
  readonly vocabulary: Vocabulary;
  readonly env: Environment;
  /** Absolute: where that server's relative paths started. */
  readonly cwd: string;
  /** Absolute: where the new config will be; its relative paths start there. */
  readonly folder: string;
}

/** Translates the settings of one scope; those that it leaves out and that had another default come in. */
export function translate(scope: Scope, settings: GivenSettings, context: TranslateContext): Translation {
  const config: Record<string, unknown> = {};
  const lines: Line[] = [];
  const note = (mark: Line["mark"], name: string, value: unknown, about: string) =>
    lines.push({ mark, name, setting: `${name}: ${shown(name, value)}`, about });

  for (const [name, given] of settings) {
    const term = context.vocabulary.get(name);
    const verdict = term?.scope === scope ? judge(term, given, settings, context) : unknown;
    if (verdict.keep) config[name] = verdict.value;
    const same = verdict.keep && isDeepStrictEqual(verdict.value, given.value);
    if (same) note("=", name, verdict.value, notes[name] ?? "");
    else if (verdict.keep) note("~", name, verdict.value, verdict.about);
    else note("-", name, given.value, verdict.about);
  }
  for (const term of context.vocabulary.values()) {
    const about = changedDefault(term);
    if (term.scope !== scope || settings.has(term.name) || about === undefined || isInEnvironment(term, context))
      continue;
    const replaced = term.setting.replaced;
    if (replaced?.keep !== true) continue;
    config[term.name] = replaced.was;
    note("+", term.name, replaced.was, about);
  }
  // A path that is written anew would be a new name, too.
  const written = settings.get("model")?.value;
  if (config["model"] !== written && config["model_alias"] === undefined && typeof written === "string") {
    config["model_alias"] = written;
    note("+", "model_alias", written, "The name that requests use stays what it was.");
  }
  return { config, lines };
}

type Verdict =
  | { readonly keep: true; readonly value: unknown; readonly about: string }
  | { readonly keep: false; readonly about: string };

const unknown: Verdict = { keep: false, about: "Neither that server nor this one has such a setting here." };

function judge(term: Term, given: Given, settings: GivenSettings, context: TranslateContext): Verdict {
  const { setting, name } = term;
  const about = [setting.schema.description, notes[name]].filter((text) => text !== undefined).join(" ");
  const coerced = coerce(setting.schema, given.value);
  if (setting.disposition === "meaningless")
    return { keep: false, about: `${about} Has no effect: ${setting.because}.` };
  if (setting.disposition === "refused") {
    const asksNothing = coerced.ok && coerced.value === neutralValue(term);
    return { keep: false, about: asksNothing ? `${about} Off, as it is here.` : `${about} It ${setting.because}.` };
  }
  if (!coerced.ok)
    return { keep: false, about: `${about} Not usable: must be ${setting.expects ?? expects(term.json)}.` };
  if (coerced.value === undefined) return { keep: false, about: `${about} Unset.` };
  const { input } = coerced;
  const value =
    typeof input === "string" && isPath(name, input, { settings, base: context.cwd })
      ? samePath(input, context)
      : input;
  return { keep: true, value, about };
}

/** A relative path that means the same file, though it now starts at the config's folder. */
function samePath(path: string, { cwd, folder }: TranslateContext): string {
  return resolve(cwd, path) === resolve(folder, path) ? path : resolve(cwd, path);
}

/** The settings whose default was another, and which a new config does not write out all the same. */
export function otherDefaults(vocabulary: Vocabulary): readonly (readonly [setting: string, about: string])[] {
  return [...vocabulary.values()].flatMap((term) => {
    if (term.setting.replaced?.keep || changedDefault(term) === undefined) return [];
    return [[term.name, `was ${inWords(term.setting.replaced?.was)}, is ${inWords(term.json.default)}`] as const];
  });
}

function inWords(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "unset");
}

/** What is to be said about a setting that means something else here when it is left out. */
function changedDefault({ setting, json }: Term): string | undefined {
  const { replaced } = setting;
  if (setting.disposition !== "honoured" || replaced === undefined || replaced.was === required) return undefined;
  const was = coerce(setting.schema, replaced.was);
  const is = coerce(setting.schema, json.default ?? null);
  if (was.ok && is.ok && isDeepStrictEqual(was.value, is.value)) return undefined;
  return `${setting.schema.description} By default it was ${inWords(replaced.was)}, here it is ${inWords(json.default)}.`;
}

/** The environment fills what a file leaves out, here as there. */
function isInEnvironment({ name }: Term, { env }: TranslateContext): boolean {
  return Object.keys(env).some((variable) => variable.toLowerCase() === name);
}
