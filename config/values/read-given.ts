import type { z } from "zod";
import type { Problems } from "../config-error.ts";
import { type Findings, type GivenSettings, readSetting } from "./given.ts";
import { resolveFile } from "../files/resolve-file.ts";
import type { Scope, Vocabulary } from "../vocabulary.ts";

export interface ReadContext {
  readonly vocabulary: Vocabulary;
  readonly findings: Findings;
  /** Absolute. */
  readonly cwd: string;
}

/** Values by setting, each in a form that its schema takes. */
export type Values = Readonly<Record<string, unknown>>;

/** Reads and checks what is given for a scope, one setting at a time; what is wrong is left out and in the findings. */
export function readGiven(scope: Scope, settings: GivenSettings, { vocabulary, findings, cwd }: ReadContext): Values {
  const values: Record<string, unknown> = {};
  for (const [name, given] of settings) {
    const term = vocabulary.get(name);
    if (term?.scope !== scope) continue;
    const value = readSetting(term, given, findings);
    if (value === undefined) continue;
    const resolved = resolveFile(name, value, given, { settings, cwd });
    if (resolved.ok) values[name] = resolved.value;
    else findings.problems.add(resolved.problem);
  }
  return values;
}

/**
 * A room's settings out of values that are right one by one, with its defaults. undefined: what is wrong between them
 * is in the problems.
 */
export function parseValues<S extends z.ZodObject>(
  schema: S,
  values: Values,
  problems: Problems,
): z.output<S> | undefined {
  const own = Object.fromEntries(Object.entries(values).filter(([name]) => name in schema.shape));
  const result = schema.safeParse(own);
  if (result.success) return result.data;
  for (const { path, message } of result.error.issues)
    problems.add(`${path.join(".")}${path.length > 0 ? " " : ""}${message}`);
  return undefined;
}
