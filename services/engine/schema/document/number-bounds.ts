import { ExactNumber } from "../../../../clients/json/exact-number.ts";
import { compareDecimals, type Decimal, decimalOf } from "./decimal.ts";
import { keyword, numberKeyword } from "./keywords.ts";
import type { Facts } from "./value-space.ts";

/** Bounds of a number, each of them possibly excluded. undefined: no bound. */
export interface NumberBounds {
  readonly min: Decimal | undefined;
  readonly max: Decimal | undefined;
  readonly minExcluded: boolean;
  readonly maxExcluded: boolean;
}

/** What OpenAPI's formats promise about an integer. */
const formatBounds: Readonly<Record<string, readonly [min: number | bigint, max: number | bigint]>> = {
  int8: [-128, 127],
  int16: [-32_768, 32_767],
  int32: [-2_147_483_648, 2_147_483_647],
  uint8: [0, 255],
  uint16: [0, 65_535],
  uint32: [0, 4_294_967_295],
  int64: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
  uint64: [0, 18_446_744_073_709_551_615n],
};

/** The tightest bounds among all facts; draft 4's `exclusiveMinimum: true` is understood too. */
export function numberBounds(facts: Facts): NumberBounds {
  let [min, max, minExcluded, maxExcluded]: [Decimal | undefined, Decimal | undefined, boolean, boolean] = [
    undefined,
    undefined,
    false,
    false,
  ];
  const raise = (value: Decimal | undefined, excluded: boolean): void => {
    const order = value && min ? compareDecimals(value, min) : 1;
    if (value && (order > 0 || (order === 0 && excluded))) [min, minExcluded] = [value, excluded];
  };
  const lower = (value: Decimal | undefined, excluded: boolean): void => {
    const order = value && max ? compareDecimals(value, max) : -1;
    if (value && (order < 0 || (order === 0 && excluded))) [max, maxExcluded] = [value, excluded];
  };
  for (const fact of facts) {
    const [belowMin, aboveMax] = [keyword(fact, "exclusiveMinimum"), keyword(fact, "exclusiveMaximum")];
    raise(numberKeyword(fact, "minimum"), belowMin === true);
    lower(numberKeyword(fact, "maximum"), aboveMax === true);
    if (typeof belowMin !== "boolean") raise(numberKeyword(fact, "exclusiveMinimum"), true);
    if (typeof aboveMax !== "boolean") lower(numberKeyword(fact, "exclusiveMaximum"), true);
    const format = keyword(fact, "format");
    if (typeof format === "string" && Object.hasOwn(formatBounds, format)) {
      const [least, most] = formatBounds[format]!.map((bound) => decimalOf(new ExactNumber(String(bound))));
      raise(least, false);
      lower(most, false);
    }
  }
  return { min, max, minExcluded, maxExcluded };
}

/** Whether no number at all is within the bounds. */
export function isEmptyRange({ min, max, minExcluded, maxExcluded }: NumberBounds): boolean {
  const order = min && max ? compareDecimals(min, max) : -1;
  return order > 0 || (order === 0 && (minExcluded || maxExcluded));
}

export function isInRange({ min, max, minExcluded, maxExcluded }: NumberBounds, value: Decimal): boolean {
  const [above, below] = [min ? compareDecimals(value, min) : 1, max ? compareDecimals(value, max) : -1];
  return (above > 0 || (above === 0 && !minExcluded)) && (below < 0 || (below === 0 && !maxExcluded));
}
