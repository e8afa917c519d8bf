import type { Budget } from "../budget.ts";
import { runtimeError } from "../jinja-error.ts";
import { Dict, DictView } from "./dict.ts";
import { lengthOf, typeName } from "./facts.ts";
import { Range } from "./range.ts";
import { Iteration, JinjaObject, Markup, Tuple, Undefined, type Value } from "./value.ts";

/** As Python's iter; undefined: it cannot be walked through. */
export function iterate(value: Value): Iterable<Value> | undefined {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return undefined;
  if (!(value instanceof JinjaObject)) return value;
  if (value instanceof Dict) return value.keys();
  if (value instanceof DictView || value instanceof Range) return value.items();
  if (value instanceof Tuple) return value.items;
  if (value instanceof Iteration) return { [Symbol.iterator]: () => value.items };
  if (value instanceof Markup) return [...value.text].map((char) => new Markup(char));
  return value instanceof Undefined ? [] : undefined;
}

/** The items of a value, as Python's list. Throws when it has none. */
export function listOf(value: Value, budget: Budget): readonly Value[] {
  if (Array.isArray(value)) {
    budget.chargeItems(value.length);
    return value as readonly Value[];
  }
  const items = iterate(value);
  if (items === undefined) throw runtimeError(`'${typeName(value)}' object is not iterable`);
  const length = lengthOf(value);
  if (length !== undefined) {
    budget.chargeItems(length);
    return [...items];
  }
  const list: Value[] = [];
  for (const item of items) {
    list.push(item);
    if (list.length % 64 === 0) budget.chargeItems(list.length);
  }
  return list;
}
