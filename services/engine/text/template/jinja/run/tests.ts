import { runtimeError } from "../jinja-error.ts";
import { filters } from "../filters/filters.ts";
import { isLower, isUpper } from "../methods/letter-case.ts";
import { asNumber, compare, contains, isEqual } from "../values/compare.ts";
import { Dict } from "../values/dict.ts";
import { asText, typeName, undefinedError } from "../values/facts.ts";
import { iterate } from "../values/iterate.ts";
import { binary } from "../values/operators.ts";
import { Range } from "../values/range.ts";
import { textOf } from "../values/text.ts";
import { Callable, Markup, Tuple, Undefined, type Runtime, type Value } from "../values/value.ts";

/** A test: the value, then the arguments. */
export type Test = (value: Value, args: readonly Value[], runtime: Runtime) => boolean;

const plain: Readonly<Record<string, Test>> = {
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  none: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  true: (value) => value === true,
  false: (value) => value === false,
  integer: (value) => typeof value === "bigint",
  float: (value) => typeof value === "number",
  number: (value) => asNumber(value) !== undefined,
  string: (value) => asText(value) !== undefined,
  mapping: (value) => value instanceof Dict,
  iterable: (value) => iterate(value) !== undefined,
  sequence: (value) =>
    asText(value) !== undefined ||
    Array.isArray(value) ||
    [Tuple, Dict, Range, Undefined].some((type) => value instanceof type),
  callable: (value) => value instanceof Callable || value instanceof Undefined,
  escaped: (value) => value instanceof Markup,
  lower: (value, _, { budget }) => isLower(textOf(value, budget)),
  upper: (value, _, { budget }) => isUpper(textOf(value, budget)),
  odd: (value, _, runtime) => rest(value, 2n, runtime) === 1n,
  even: (value, _, runtime) => isEqual(rest(value, 2n, runtime), 0n, runtime.budget),
  divisibleby: (value, args, runtime) => isEqual(rest(value, argument(args), runtime), 0n, runtime.budget),
  sameas: (value, args) => value === argument(args),
  filter: (value) => filters.has(asText(value) ?? ""),
  test: (value) => tests.has(asText(value) ?? ""),
};

const comparing: Readonly<Record<string, Test>> = {
  eq: (value, args, { budget }) => isEqual(value, argument(args), budget),
  ne: (value, args, { budget }) => !isEqual(value, argument(args), budget),
  lt: ordered("<", (order) => order < 0),
  le: ordered("<=", (order) => order <= 0),
  gt: ordered(">", (order) => order > 0),
  ge: ordered(">=", (order) => order >= 0),
  in: (value, args, { budget }) => contains(argument(args), value, budget),
};

const aliases: Readonly<Record<string, string>> = {
  equalto: "eq",
  "==": "eq",
  "!=": "ne",
  lessthan: "lt",
  "<": "lt",
  "<=": "le",
  greaterthan: "gt",
  ">": "gt",
  ">=": "ge",
};

/** All tests by their names. */
export const tests: ReadonlyMap<string, Test> = new Map(
  Object.entries({
    ...plain,
    ...comparing,
    ...Object.fromEntries(Object.entries(aliases).map(([alias, name]) => [alias, comparing[name] as Test])),
  }),
);

function ordered(operator: string, holds: (order: number) => boolean): Test {
  return (value, args, { budget }) => holds(compare(value, argument(args), { operator, budget }));
}

function rest(value: Value, divisor: Value, { budget }: Runtime): Value {
  if (value instanceof Undefined) throw undefinedError(value);
  if (asText(value) !== undefined) throw runtimeError(`a ${typeName(value)} is neither odd nor even`);
  return binary("%", [value, divisor], budget);
}

function argument([first]: readonly Value[]): Value {
  if (first === undefined) throw runtimeError("the test needs an argument");
  return first;
}
