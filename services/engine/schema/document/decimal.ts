import { ExactNumber } from "../../../../clients/json/exact-number.ts";

/** A number of JSON, exactly: `digits * 10^exponent`. Digits have no zeros at their end, so that equal numbers look equal. */
export interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

/** Far beyond all doubles: what is larger counts as this large, so that `1e999999999` costs nothing. */
const maxExponent = 1000;

export function isNumber(value: unknown): value is number | ExactNumber {
  return typeof value === "number" || value instanceof ExactNumber;
}

export function decimalOf(value: number | ExactNumber): Decimal {
  const [, sign = "", whole = "", part = "", power = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(
    String(value),
  )!;
  const digits = `${whole}${part}`.replace(/^0+(?=\d)/, "").replace(/0+$/, "");
  if (digits === "") return { digits: 0n, exponent: 0 };
  const exponent =
    Number(power) - part.length + (`${whole}${part}`.length - `${whole}${part}`.replace(/0+$/, "").length);
  return { digits: BigInt(sign + digits), exponent: Math.min(maxExponent, Math.max(-maxExponent, exponent)) };
}

export function isWhole({ exponent }: Decimal): boolean {
  return exponent >= 0;
}

/** Negative, zero or positive, as for sorting. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const shift = Math.min(a.exponent, b.exponent);
  const [left, right] = [a, b].map((each) => each.digits * 10n ** BigInt(each.exponent - shift)) as [bigint, bigint];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** `decimal * 10^places` as an integer: exact, or the next one below or above. */
export function scaledDecimal({ digits, exponent }: Decimal, places: number, round: "up" | "down"): bigint {
  const shift = exponent + places;
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  const towardsZero = digits / divisor;
  const isExact = towardsZero * divisor === digits;
  if (isExact || digits < 0n === (round === "up")) return towardsZero;
  return round === "up" ? towardsZero + 1n : towardsZero - 1n;
}

/** Whether dividing leaves nothing. */
export function isMultiple(value: Decimal, divisor: Decimal): boolean {
  const shift = Math.min(value.exponent, divisor.exponent);
  return (
    (value.digits * 10n ** BigInt(value.exponent - shift)) %
      (divisor.digits * 10n ** BigInt(divisor.exponent - shift)) ===
    0n
  );
}

/** Plain digits, without an exponent: for integers what a grammar writes. */
export function decimalText({ digits, exponent }: Decimal): string {
  if (exponent >= 0) return String(digits * 10n ** BigInt(exponent));
  const text = String(digits < 0n ? -digits : digits).padStart(1 - exponent, "0");
  return `${digits < 0n ? "-" : ""}${text.slice(0, exponent)}.${text.slice(exponent)}`;
}
