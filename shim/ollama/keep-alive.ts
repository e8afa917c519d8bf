import { invalidParameter } from "../../clients/errors.ts";

const units: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, µs: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3_600 };

/** A `keep_alive` in seconds, negative for ever; undefined where it is not given. Throws INVALID_PARAMETER. */
export function keepAliveSeconds(value: number | string | null | undefined): number | undefined {
  if (value == null || value === "") return undefined;
  if (typeof value === "number") return value;
  if (/^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  const match = /^(-?)((?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+)$/.exec(value);
  if (match === null) {
    const message = `keep_alive must be a number of seconds or a duration such as "5m"; got ${JSON.stringify(value.slice(0, 40))}`;
    throw invalidParameter("keep_alive", message);
  }
  const [, sign, parts = ""] = match;
  const seconds = [...parts.matchAll(/([\d.]+)([a-zµ]+)/g)].reduce(
    (sum, [, amount, unit = ""]) => sum + Number(amount) * (units[unit] ?? 0),
    0,
  );
  return sign === "-" ? -seconds : seconds;
}
