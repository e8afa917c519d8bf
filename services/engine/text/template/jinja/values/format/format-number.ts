import { runtimeError } from "../../jinja-error.ts";
import { fixedText, floatText } from "./number-text.ts";

/** How a number is formatted: the letter of `%d` or `{:d}` and the options that both notations share. */
export interface NumberFormat {
  readonly type: string;
  readonly precision: number | undefined;
  /** `#` */
  readonly alternate: boolean;
}

// What a template can ask for is bounded; nobody needs more digits.
const maxPrecision = 1000;

/** A number without its sign, in the notation of one of Python's format letters. */
export function formatMagnitude(value: bigint | number, { type, precision, alternate }: NumberFormat): string {
  if (precision !== undefined && precision > maxPrecision) throw runtimeError(`precision is above ${maxPrecision}`);
  const number = Math.abs(Number(value));
  const upper = type === type.toUpperCase() && type !== "";
  const text = (() => {
    switch (type.toLowerCase()) {
      case "d":
      case "i":
      case "u":
      case "n":
        return integer(value, 10).padStart(precision ?? 0, "0");
      case "b":
        return (alternate ? "0b" : "") + integer(value, 2);
      case "o":
        return (alternate ? "0o" : "") + integer(value, 8);
      case "x":
        return (alternate ? "0x" : "") + integer(value, 16);
      case "f":
        return fixedText(number, precision ?? 6);
      case "%":
        return `${fixedText(number * 100, precision ?? 6)}%`;
      case "e":
        return exponential(number, precision ?? 6);
      case "g":
        return general(number, precision ?? 6, alternate);
      default:
        if (type !== "") throw runtimeError(`Unknown format code '${type}'`);
        if (typeof value === "bigint") return integer(value, 10);
        if (precision === undefined) return floatText(number);
        return withPoint(general(number, precision, alternate));
    }
  })();
  return upper ? text.toUpperCase() : text;
}

function integer(value: bigint | number, base: number): string {
  if (typeof value === "number") throw runtimeError("Unknown format code for object of type 'float'");
  return (value < 0n ? -value : value).toString(base);
}

function exponential(value: number, precision: number): string {
  if (!Number.isFinite(value)) return floatText(value);
  const [mantissa = "", exponent = "0"] = value.toExponential(Math.min(precision, 100)).split("e");
  const power = Number(exponent);
  return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

function general(value: number, precision: number, alternate: boolean): string {
  if (!Number.isFinite(value)) return floatText(value);
  const digits = Math.max(precision, 1);
  const power = value === 0 ? 0 : Number(value.toExponential(Math.min(digits - 1, 100)).split("e")[1]);
  const isFixed = power >= -4 && power < digits;
  const text = isFixed ? fixedText(value, digits - 1 - power) : exponential(value, digits - 1);
  if (alternate || !text.includes(".")) return text;
  return text.replace(/\.?0+(?=e|$)/, "");
}

function withPoint(text: string): string {
  return /[.en]/.test(text) ? text : `${text}.0`;
}
