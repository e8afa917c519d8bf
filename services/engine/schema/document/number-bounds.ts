import { keyword, numberKeyword } from "./keywords.ts";
import type { Facts } from "./value-space.ts";

/** Bounds of a number, each of them possibly excluded. ±Infinity: no bound. */
export interface NumberBounds {
  readonly min: number;
  readonly max: number;
  readonly minExcluded: boolean;
  readonly maxExcluded: boolean;
  /** A bound that both sides share is excluded. */
  readonly open: boolean;
}

/** What OpenAPI's formats promise about an integer. */
const formatBounds: Readonly<Record<string, readonly [min: number, max: number]>> = {
  int8: [-128, 127],
  int16: [-32_768, 32_767],
  int32: [-2_147_483_648, 2_147_483_647],
  uint8: [0, 255],
  uint16: [0, 65_535],
  uint32: [0, 4_294_967_295],
  // The doubles next to the limits of 64 bits.
  int64: [-9_223_372_036_854_774_784, 9_223_372_036_854_774_784],
  uint64: [0, 18_446_744_073_709_549_568],
};

/** The tightest bounds among all facts; draft 4's `exclusiveMinimum: true` is understood too. */
export function numberBounds(facts: Facts): NumberBounds {
  let [min, max, minExcluded, maxExcluded] = [-Infinity, Infinity, false, false];
  const raise = (value: number | undefined, excluded: boolean): void => {
    if (value === undefined || value < min || (value === min && !excluded)) return;
    [min, minExcluded] = [value, excluded];
  };
  const lower = (value: number | undefined, excluded: boolean): void => {
    if (value === undefined || value > max || (value === max && !excluded)) return;
    [max, maxExcluded] = [value, excluded];
  };
  for (const fact of facts) {
    const [belowMin, aboveMax] = [keyword(fact, "exclusiveMinimum"), keyword(fact, "exclusiveMaximum")];
    raise(numberKeyword(fact, "minimum"), belowMin === true);
    lower(numberKeyword(fact, "maximum"), aboveMax === true);
    if (typeof belowMin !== "boolean") raise(numberKeyword(fact, "exclusiveMinimum"), true);
    if (typeof aboveMax !== "boolean") lower(numberKeyword(fact, "exclusiveMaximum"), true);
    const format = keyword(fact, "format");
    if (typeof format === "string" && Object.hasOwn(formatBounds, format)) {
      raise(formatBounds[format]![0], false);
      lower(formatBounds[format]![1], false);
    }
  }
  return { min, max, minExcluded, maxExcluded, open: minExcluded || maxExcluded };
}
