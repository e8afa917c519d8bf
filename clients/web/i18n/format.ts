import { language } from "./language.ts";

/** A whole number with the language's separators. */
export function formatCount(value: number): string {
  return new Intl.NumberFormat(language.value).format(value);
}

/** Bytes in the units that files are listed in: `3.8 MB`. */
export function formatBytes(bytes: number): string {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
  const step = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const unit = units[step] ?? "byte";
  const options = { style: "unit", unit, unitDisplay: "short", maximumSignificantDigits: 3 } as const;
  return new Intl.NumberFormat(language.value, options).format(bytes / 1_000 ** step);
}

/** A number of things as models are named by: `3.4M`, `13B`. */
export function formatCompact(value: number): string {
  return new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 }).format(value);
}

/** `380 ms` or `2.4 s`. */
export function formatDuration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

/** Three digits are as many as a speed is good for. */
export function formatSpeed(perSecond: number): string {
  const options = { maximumSignificantDigits: 3, useGrouping: false } as const;
  return new Intl.NumberFormat(language.value, options).format(perSecond);
}

/** A share of one: `42 %`. */
export function formatShare(part: number): string {
  return new Intl.NumberFormat(language.value, { style: "percent" }).format(part);
}
