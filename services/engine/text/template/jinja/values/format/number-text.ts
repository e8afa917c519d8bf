import { runtimeError } from "../../jinja-error.ts";

// Python's own limit: beyond it reading and writing take time by the square of the length.
const maxDigits = 4300;

/** An integer's value, also in the notations of 0b, 0o and 0x. Throws beyond 4300 digits, as Python. */
export function parseInteger(text: string): bigint {
  if (text.length > maxDigits)
    throw runtimeError(`Exceeds the limit (${maxDigits} digits) for integer string conversion`);
  return BigInt(text.toLowerCase());
}

export function integerText(value: bigint): string {
  // Bits are cheap to count, digits are not.
  if (value > 1n << 16384n || value < -(1n << 16384n)) {
    throw runtimeError(`Exceeds the limit (${maxDigits} digits) for integer string conversion`);
  }
  return value.toString();
}

/** A float as Python's repr: the fewest digits that say it, `1.0` and `1e+16` where JavaScript has `1` and `10000000000000000`. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  if (Object.is(value, -0)) return "-0.0";
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (power < -4 || power >= 16)
    return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
  const negative = mantissa.startsWith("-") ? "-" : "";
  const digits = mantissa.replaceAll(/[-.]/g, "");
  if (power < 0) return `${negative}0.${"0".repeat(-power - 1)}${digits}`;
  const whole = digits.slice(0, power + 1).padEnd(power + 1, "0");
  return `${negative}${whole}.${digits.slice(power + 1) || "0"}`;
}

/** A float with so many digits behind the point; a tie goes to the even digit, as in Python. */
export function fixedText(value: number, digits: number): string {
  if (!Number.isFinite(value)) return floatText(value);
  if (Math.abs(value) >= 1e21) {
    const whole = BigInt(value).toString();
    return digits === 0 ? whole : `${whole}.${"0".repeat(digits)}`;
  }
  const places = Math.min(digits, 100);
  const rounded = value.toFixed(places);
  const exact = value.toFixed(Math.min(100, places + 30));
  const rest = exact.slice(exact.indexOf(".") + 1 + places);
  const isTie = places < 70 && /^50*$/.test(rest);
  const text = isTie && /[13579]$/.test(rounded) ? towardsZero(exact, places) : rounded;
  const padded = digits > places ? text + "0".repeat(digits - places) : text;
  return Object.is(value, -0) || (value < 0 && !padded.startsWith("-")) ? `-${padded}` : padded;
}

function towardsZero(exact: string, places: number): string {
  const end = exact.indexOf(".") + (places === 0 ? 0 : places + 1);
  return exact.slice(0, end);
}
