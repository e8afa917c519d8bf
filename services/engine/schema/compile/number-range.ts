import { type Decimal, decimalText, scaledDecimal } from "../document/decimal.ts";
import { charSet } from "../regex/char-set.ts";
import type { NumberBounds } from "../document/number-bounds.ts";
import { choice, emptyRegex, oneOf, type Regex, repeat, sequence, text } from "../regex/regex.ts";

const digit = oneOf(charSet("0-9"));
/** A double tells all decimals of 15 digits apart, so that what is within the bounds as text is so as a number. */
const maxDigits = 15;
/** Integers without a bound on one side: enough for 64 bits. */
const maxIntegerDigits = 19;
/** Doubles end at 309 digits. */
const maxFarDigits = 300;

export interface RangeOptions {
  readonly integer: boolean;
  /** Only integers that a double holds exactly, where there is no bound. */
  readonly exact?: boolean;
}

/**
 * The numbers within bounds, written without exponent; `integer` leaves the fraction away. undefined when there are
 * none. Where a side has no bound, numbers have at most 19 digits (15 before the point, when there is one).
 */
export function numberRange(bounds: NumberBounds, { integer, exact = false }: RangeOptions): Regex | undefined {
  // Everything is an integer range after scaling by the number of digits behind the point.
  const [near, far] = [bounds.min, bounds.max].map((bound) => (bound ? wholeDigits(bound) : 1)) as [number, number];
  const fraction = integer ? 0 : Math.max(0, maxDigits - Math.max(nearDigits(near), nearDigits(far)));
  const isHigh = bounds.min !== undefined && bounds.min.digits > 0n && near > maxDigits;
  const isLow = bounds.max !== undefined && bounds.max.digits < 0n && far > maxDigits;
  const most = Math.max(integer && !exact ? maxIntegerDigits : maxDigits, isHigh ? near + 1 : 0, isLow ? far + 1 : 0);
  if (most > maxFarDigits) return undefined;
  const largest = 10n ** BigInt(most + fraction) - 1n;
  const low = bounds.min ? scaled(bounds.min, fraction, "up", bounds.minExcluded) : -largest;
  const high = bounds.max ? scaled(bounds.max, fraction, "down", bounds.maxExcluded) : largest;
  if (low > high) return undefined;
  const options: Regex[] = [];
  const negated = (from: bigint, to: bigint): Regex =>
    sequence([text("-"), decimals(from, to < largest ? to : largest, fraction)]);
  if (low < 0n) options.push(negated(high < 0n ? -high : 1n, -low));
  if (high >= 0n) options.push(decimals(low > 0n ? low : 0n, high < largest ? high : largest, fraction));
  return choice(options);
}

/** How many digits stand before the point. */
function wholeDigits({ digits, exponent }: Decimal): number {
  return Math.max(1, String(digits < 0n ? -digits : digits).length + exponent);
}

/** The same for a bound near to which numbers can be generated. */
function nearDigits(digits: number): number {
  return digits > maxDigits ? 1 : digits;
}

/** The bound times 10^fraction, rounded into the range; an excluded bound that is hit exactly is stepped over. */
function scaled(bound: Decimal, fraction: number, round: "up" | "down", excluded: boolean): bigint {
  const nearest = scaledDecimal(bound, fraction, round);
  if (!excluded) return nearest;
  const step = round === "up" ? 1n : -1n;
  const double = Number(decimalText(bound));
  if (Math.abs(double) <= Number.MAX_SAFE_INTEGER) {
    const isHit = scaledDecimal(bound, fraction, round === "up" ? "down" : "up") === nearest;
    return isHit ? nearest + step : nearest;
  }
  // Neighbouring integers are one double here: whoever reads doubles sees the bound until the next one.
  const next = double + Number(step) * Math.abs(double) * Number.EPSILON;
  return Number.isFinite(next) ? BigInt(next) * 10n ** BigInt(fraction) : nearest + step;
}

/** Non-negative decimals from `low` to `high`, both scaled by 10^fraction. */
function decimals(low: bigint, high: bigint, fraction: number): Regex {
  const scale = 10n ** BigInt(fraction);
  const [lowWhole, lowPart] = [low / scale, padded(low % scale, fraction)];
  const [highWhole, highPart] = [high / scale, padded(high % scale, fraction)];
  const [zeros, nines] = ["0".repeat(fraction), "9".repeat(fraction)];
  const from = (whole: bigint, first: string, last: string): Regex =>
    sequence([text(String(whole)), point(first, last)]);
  if (lowWhole === highWhole) return from(lowWhole, lowPart, highPart);
  const options: Regex[] = [];
  const firstFull = lowPart === zeros ? lowWhole : lowWhole + 1n;
  const lastFull = highPart === nines ? highWhole : highWhole - 1n;
  if (firstFull > lowWhole) options.push(from(lowWhole, lowPart, nines));
  if (firstFull <= lastFull) options.push(sequence([naturals(firstFull, lastFull), point(zeros, nines)]));
  if (lastFull < highWhole) options.push(from(highWhole, zeros, highPart));
  return choice(options);
}

function padded(value: bigint, length: number): string {
  return length === 0 ? "" : String(value).padStart(length, "0");
}

/** The point and what follows it, from `.first` to `.last`; nothing at all where zero is in the range. */
function point(first: string, last: string): Regex {
  if (first === "") return emptyRegex;
  const dotted = sequence([text("."), partDigits(first, last)]);
  return isZero(first) ? repeat(dotted, 0, 1) : dotted;
}

/** One or more digits whose value, with the zeros that were left away, is from `first` to `last`. */
function partDigits(first: string, last: string): Regex {
  const rest = first.length - 1;
  const after = (low: string, high: string): Regex => {
    if (rest === 0) return emptyRegex;
    const digits = partDigits(low, high);
    return isZero(low) ? repeat(digits, 0, 1) : digits;
  };
  if (isZero(first) && /^9*$/.test(last)) return repeat(digit, 1, rest + 1);
  return byFirstDigit(first, last, after);
}

function isZero(digits: string): boolean {
  return /^0*$/.test(digits);
}

/** Integers from `low` to `high` without leading zeros. Lengths of which every number is in the range come together. */
function naturals(low: bigint, high: bigint): Regex {
  if (low === 0n) return high === 0n ? text("0") : choice([text("0"), naturals(1n, high)]);
  const [shortest, longest] = [String(low).length, String(high).length];
  const firstFull = low === 10n ** BigInt(shortest - 1) ? shortest : shortest + 1;
  const lastFull = high === 10n ** BigInt(longest) - 1n ? longest : longest - 1;
  if (firstFull > lastFull && shortest === longest) return sameLength(String(low), String(high));
  const options: Regex[] = [];
  if (firstFull > shortest) options.push(sameLength(String(low), "9".repeat(shortest)));
  if (firstFull <= lastFull) options.push(sequence([digits(1, 9), repeat(digit, firstFull - 1, lastFull - 1)]));
  if (lastFull < longest) options.push(sameLength(`1${"0".repeat(longest - 1)}`, String(high)));
  return choice(options);
}

function sameLength(first: string, last: string): Regex {
  if (first === "") return emptyRegex;
  if (isZero(first) && /^9*$/.test(last)) return repeat(digit, first.length, first.length);
  return byFirstDigit(first, last, sameLength);
}

/** Digits from `first` to `last`, split by their first digit: the lowest, the highest, and those between, which are free. */
function byFirstDigit(first: string, last: string, after: (first: string, last: string) => Regex): Regex {
  const [low, high] = [Number(first[0]), Number(last[0])];
  const [lowRest, highRest] = [first.slice(1), last.slice(1)];
  const [zeros, nines] = ["0".repeat(lowRest.length), "9".repeat(lowRest.length)];
  if (low === high) return sequence([digits(low, high), after(lowRest, highRest)]);
  const options: Regex[] = [];
  const firstFree = lowRest === zeros ? low : low + 1;
  const lastFree = highRest === nines ? high : high - 1;
  if (firstFree > low) options.push(sequence([digits(low, low), after(lowRest, nines)]));
  if (firstFree <= lastFree) options.push(sequence([digits(firstFree, lastFree), after(zeros, nines)]));
  if (lastFree < high) options.push(sequence([digits(high, high), after(zeros, highRest)]));
  return choice(options);
}

function digits(first: number, last: number): Regex {
  return oneOf(charSet([first + 48, last + 48]));
}
