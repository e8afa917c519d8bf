import { coerce } from "./coerce.ts";
import type { Problems } from "../config-error.ts";
import { choices, expects } from "./expects.ts";
import { suggest } from "../suggest.ts";
import type { Term } from "../vocabulary.ts";

/** What one source says about one setting. */
export interface Given {
  readonly value: unknown;
  /** How the user finds it: `models[1].n_ctx`, `--n_ctx`, `environment variable N_CTX`. */
  readonly where: string;
  /** The absolute folder in which a relative path starts. */
  readonly base: string;
}

export type GivenSettings = ReadonlyMap<string, Given>;

/** Where findings about settings go. */
export interface Findings {
  readonly problems: Problems;
  readonly warnings: Set<string>;
}

/** Settings whose values must not appear in messages. */
const secrets: ReadonlySet<string> = new Set(["api_key", "grpc_api_key"]);

/**
 * The value of a setting, in a form that its schema takes; undefined when it is unset, has no effect or is wrong. What
 * is wrong, refused or meaningless goes to the findings.
 */
export function readSetting(term: Term, given: Given, { problems, warnings }: Findings): unknown {
  const { setting, name } = term;
  const coerced = coerce(setting.schema, given.value);
  switch (setting.disposition) {
    case "honoured":
      if (coerced.ok) return coerced.input;
      problems.add(`${given.where} is ${shown(name, given.value)}: ${remedy(term, given, coerced.fault)}`);
      return undefined;
    case "refused":
      if (!coerced.ok || coerced.value !== neutralValue(term)) problems.add(`${given.where} ${setting.because}`);
      return undefined;
    case "meaningless":
      warnings.add(`${given.where} has no effect: ${setting.because}`);
      return undefined;
  }
}

/** The value of a refused setting that asks for nothing, and so may be written. */
export function neutralValue({ setting }: Term): unknown {
  return setting.schema.safeParse(undefined).data;
}

function remedy({ setting, json }: Term, { value }: Given, fault: string): string {
  // A schema with a sentence of its own knows best.
  if (fault.startsWith("must ")) return fault;
  const wanted = `must be ${setting.expects ?? expects(json)}`;
  if (value === null) return `${wanted}; leave it out for the default`;
  return typeof value === "string" && value !== "" ? wanted + suggest(value, choices(json)) : wanted;
}

/** A setting's value in a message. */
export function shown(name: string, value: unknown): string {
  if (value === "") return "empty";
  if (secrets.has(name) && value !== null) return "(not shown)";
  const text = typeof value === "string" ? `"${value}"` : toJson(value);
  return text.length <= 80 ? text : `${text.slice(0, 77)}…`;
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // JSON.stringify recurses, and JSON.parse does not.
    return "nested too deeply";
  }
}
