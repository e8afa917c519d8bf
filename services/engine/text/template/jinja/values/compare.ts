import type { Budget } from "../budget.ts";
import { runtimeError } from "../jinja-error.ts";
import { Dict, DictView } from "./dict.ts";
import { asText, typeName, undefinedError } from "./facts.ts";
import { iterate } from "./iterate.ts";
import { Range } from "./range.ts";
import { Tuple, Undefined, type Value } from "./value.ts";

/** A number, with booleans as 0 and 1; undefined: it is none. */
export function asNumber(value: Value): bigint | number | undefined {
  if (typeof value === "bigint" || typeof value === "number") return value;
  return typeof value === "boolean" ? BigInt(value) : undefined;
}

/** As Python's `==`. */
export function isEqual(left: Value, right: Value, budget: Budget): boolean {
  budget.charge(1);
  if (left === right) return true;
  const [leftNumber, rightNumber] = [asNumber(left), asNumber(right)];
  // Of an integer and a float JavaScript compares the exact values too.
  if (leftNumber !== undefined || rightNumber !== undefined) {
    // eslint-disable-next-line eqeqeq -- `===` is never true of a bigint and a number
    return leftNumber !== undefined && rightNumber !== undefined && leftNumber == rightNumber;
  }
  const text = asText(left);
  if (text !== undefined) return text === asText(right);
  if (left instanceof Undefined) return right instanceof Undefined;
  return budget.nested(() => isEqualObject(left, right, budget));
}

function isEqualObject(left: Value, right: Value, budget: Budget): boolean {
  if (Array.isArray(left) && Array.isArray(right)) return isEqualList(left, right, budget);
  if (left instanceof Tuple && right instanceof Tuple) return isEqualList(left.items, right.items, budget);
  if (left instanceof Range && right instanceof Range) return left.repr() === right.repr();
  if (!(left instanceof Dict && right instanceof Dict) || left.size !== right.size) return false;
  for (const [key, value] of left.entries()) {
    const other = right.get(key);
    if (other === undefined || !isEqual(value, other, budget)) return false;
  }
  return true;
}

function isEqualList(left: readonly Value[], right: readonly Value[], budget: Budget): boolean {
  return left.length === right.length && left.every((item, i) => isEqual(item, right[i] ?? null, budget));
}

/** Negative, zero or positive as Python orders two values, for the sign of `operator`. Throws when it does not. */
export function compare(left: Value, right: Value, { operator, budget }: { operator: string; budget: Budget }): number {
  budget.charge(1);
  const [leftNumber, rightNumber] = [asNumber(left), asNumber(right)];
  if (leftNumber !== undefined && rightNumber !== undefined) {
    if (leftNumber < rightNumber) return -1;
    if (leftNumber > rightNumber) return 1;
    return Number.isNaN(leftNumber) || Number.isNaN(rightNumber) ? Number.NaN : 0;
  }
  const [leftText, rightText] = [asText(left), asText(right)];
  if (leftText !== undefined && rightText !== undefined) return compareText(leftText, rightText);
  if (left instanceof Undefined) throw undefinedError(left);
  if (right instanceof Undefined) throw undefinedError(right);
  const lists = listsOf(left, right);
  if (lists !== undefined) return budget.nested(() => compareLists(lists, { operator, budget }));
  throw runtimeError(`'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`);
}

function listsOf(left: Value, right: Value): readonly [readonly Value[], readonly Value[]] | undefined {
  if (Array.isArray(left) && Array.isArray(right)) return [left, right];
  return left instanceof Tuple && right instanceof Tuple ? [left.items, right.items] : undefined;
}

function compareLists(
  [left, right]: readonly [readonly Value[], readonly Value[]],
  options: { operator: string; budget: Budget },
): number {
  for (const [i, item] of left.entries()) {
    const other = right[i];
    if (other === undefined) return 1;
    if (!isEqual(item, other, options.budget)) return compare(item, other, options);
  }
  return left.length - right.length;
}

/** By code points, where JavaScript compares UTF-16. */
function compareText(left: string, right: string): number {
  if (left === right) return 0;
  let i = 0;
  while (i < left.length && i < right.length && left[i] === right[i]) i++;
  // Within a pair the difference is in its second half, and decides.
  return (left.codePointAt(i) ?? -1) - (right.codePointAt(i) ?? -1);
}

/** As Python's `item in container`. Throws when that cannot be asked. */
export function contains(container: Value, item: Value, budget: Budget): boolean {
  const text = asText(container);
  if (text !== undefined) {
    const part = asText(item);
    if (part === undefined) {
      throw runtimeError(`'in <string>' requires string as left operand, not ${typeName(item)}`);
    }
    budget.chargeText(text.length);
    return text.includes(part);
  }
  if (container instanceof Dict) return container.get(item) !== undefined;
  if (container instanceof DictView && container.typeName === "dict_keys")
    return container.dict.get(item) !== undefined;
  const number = asNumber(item);
  if (container instanceof Range && number !== undefined) return container.has(Number(number));
  const items = iterate(container);
  if (items === undefined) throw runtimeError(`argument of type '${typeName(container)}' is not iterable`);
  for (const other of items) if (isEqual(other, item, budget)) return true;
  return false;
}
