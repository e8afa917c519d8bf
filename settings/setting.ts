import type { z } from "zod";

/** What happens to a setting that a user writes down. There is no fourth way: nothing is accepted and ignored. */
export type Disposition = "honoured" | "refused" | "meaningless";

/** How the setting was in llama_cpp.server, which Tokenwire replaces. */
export interface Replaced {
  /** Its default there; null: unset; in words where it depended on the machine; `required` where it had none. */
  readonly was: unknown;
  /** `tokenwire migrate` writes the old default into a config that leaves it out, because ours makes a difference. */
  readonly keep?: true;
}

/** `was` of a setting that had to be there. */
export const required = "required";

/**
 * One row of the settings tables. Schema, start-up checks, `--help`, JSON Schema, the docs and `tokenwire migrate` are
 * all made from these rows.
 */
export interface Setting<S extends z.ZodType = z.ZodType, D extends Disposition = Disposition> {
  /** Type, range, default and description. Parsing what it returned once more changes nothing. */
  readonly schema: S;
  readonly disposition: D;
  /** Refused: why, and what to do instead. Meaningless: why it has no effect. One sentence without a subject. */
  readonly because?: string;
  /** What a value must be, where the schema alone does not say it well: `a whole number from 0 to 9`. */
  readonly expects?: string;
  /** Unset: the setting is ours. */
  readonly replaced?: Replaced;
}

interface Extras {
  readonly expects?: string;
  readonly replaced?: Replaced;
}

/** A setting that has its effect. */
export function honoured<S extends z.ZodType>(about: string, schema: S, extras: Extras = {}): Setting<S, "honoured"> {
  return { schema: schema.describe(about), disposition: "honoured", ...extras };
}

/** A setting whose default is the only value that is accepted (null too, where there is no default). */
export function refused<S extends z.ZodType>(
  about: string,
  schema: S,
  extras: Extras & { readonly because: string },
): Setting<S, "refused"> {
  return { schema: schema.describe(about), disposition: "refused", ...extras };
}

/** A setting of old releases that nothing depends on any more: accepted with a warning. */
export function meaningless<S extends z.ZodType>(
  about: string,
  schema: S,
  extras: Extras & { readonly because: string },
): Setting<S, "meaningless"> {
  return { schema: schema.describe(about), disposition: "meaningless", ...extras };
}

export type Settings = Readonly<Record<string, Setting>>;

/** The schemas of the honoured settings of a table, by name. */
export type HonouredShape<T extends Settings> = {
  -readonly [K in keyof T as T[K]["disposition"] extends "honoured" ? K : never]: T[K]["schema"];
};

/** What a parsed configuration holds: the honoured settings only, so that no code can lean on another. */
export function honouredShape<T extends Settings>(settings: T): HonouredShape<T> {
  const honoured = Object.entries(settings).filter(([, setting]) => setting.disposition === "honoured");
  return Object.fromEntries(honoured.map(([name, setting]) => [name, setting.schema])) as HonouredShape<T>;
}
