import { runtimeError } from "../jinja-error.ts";
import { expectInteger, optionalFlag } from "../run/expect.ts";
import { binary } from "../values/operators.ts";
import { compare, isEqual } from "../values/compare.ts";
import { Dict, hashKey } from "../values/dict.ts";
import { asText, lengthOf, typeName } from "../values/facts.ts";
import { iterate, listOf } from "../values/iterate.ts";
import { textOf } from "../values/text.ts";
import { Iteration, Markup, orUndefined, Tuple, Undefined, type Runtime, type Value } from "../values/value.ts";
import { attributeGetter, attributesGetter, ignoreCase } from "./attribute-getter.ts";
import { filter, type Filter } from "./filter.ts";

const length: Filter = (value) => {
  const count = lengthOf(value);
  if (count === undefined) throw runtimeError(`object of type '${typeName(value)}' has no len()`);
  return BigInt(count);
};

/** Jinja's filters of lists and dictionaries. */
export const listFilters: Readonly<Record<string, Filter>> = {
  length,
  count: length,
  list: (value, _, { budget }) => [...listOf(value, budget)],
  first: (value) => {
    const items = iterate(value);
    if (items === undefined) throw runtimeError(`'${typeName(value)}' object is not iterable`);
    // Not a loop: to leave one would end a generator that others go on with.
    const first: IteratorResult<Value, unknown> = items[Symbol.iterator]().next();
    return first.done === true ? new Undefined("No first item, sequence was empty.") : first.value;
  },
  last: (value, _, { budget }) => {
    if (value instanceof Iteration || lengthOf(value) === undefined) {
      throw runtimeError(`'${typeName(value)}' object is not reversible`);
    }
    return orUndefined(listOf(value, budget).at(-1), "No last item, sequence was empty.");
  },
  random: (value, _, { budget }) => {
    const items = listOf(value, budget);
    return orUndefined(items[Math.floor(Math.random() * items.length)], "No random item, sequence was empty.");
  },
  reverse: (value, _, { budget }) => {
    const text = asText(value);
    if (text === undefined) return new Iteration(listOf(value, budget).toReversed());
    const reversed = [...text].toReversed().join("");
    return value instanceof Markup ? new Markup(reversed) : reversed;
  },
  join: filter(["d?", "attribute?"], (value, [separator = "", attribute], { budget }) => {
    const get = attributeGetter(attribute);
    const between = textOf(separator, budget);
    const texts = listOf(value, budget).map((item) => textOf(get(item), budget));
    budget.chargeText(texts.reduce((sum, text) => sum + text.length + between.length, 0));
    return texts.join(between);
  }),
  sort: filter(["reverse?", "case_sensitive?", "attribute?"], (value, [reverse, caseSensitive, attribute], runtime) => {
    const get = attributesGetter(attribute);
    const key = (item: Value) => (optionalFlag(caseSensitive) ? get(item) : get(item).map(ignoreCase));
    return sortBy(listOf(value, runtime.budget), { key, reverse: optionalFlag(reverse) }, runtime);
  }),
  dictsort: filter(["case_sensitive?", "by?", "reverse?"], (value, [caseSensitive, by = "key", reverse], runtime) => {
    if (!(value instanceof Dict)) throw runtimeError(`'${typeName(value)}' object has no attribute 'items'`);
    if (by !== "key" && by !== "value") throw runtimeError('You can only sort by either "key" or "value"');
    const key = (item: Value) => {
      const picked = item instanceof Tuple ? (item.items[by === "key" ? 0 : 1] ?? null) : null;
      return optionalFlag(caseSensitive) ? picked : ignoreCase(picked);
    };
    const entries = [...value.entries()].map((entry) => new Tuple(entry));
    return sortBy(entries, { key, reverse: optionalFlag(reverse) }, runtime);
  }),
  unique: filter(["case_sensitive?", "attribute?"], (value, [caseSensitive, attribute], { budget }) => {
    const get = attributeGetter(attribute);
    const seen = new Set<string>();
    return new Iteration(
      listOf(value, budget).filter((item) => {
        const key = hashKey(optionalFlag(caseSensitive) ? get(item) : ignoreCase(get(item)));
        return !seen.has(key) && seen.add(key);
      }),
    );
  }),
  min: extreme((order) => order < 0),
  max: extreme((order) => order > 0),
  sum: filter(["attribute?", "start?"], (value, [attribute, start = 0n], { budget }) => {
    const get = attributeGetter(attribute);
    if (asText(start) !== undefined) throw runtimeError("sum() can't sum strings [use ''.join(seq) instead]");
    return listOf(value, budget).reduce<Value>((sum, item) => binary("+", [sum, get(item)], budget), start);
  }),
  groupby: filter(["attribute", "default?", "case_sensitive?"], (value, [attribute, fallback, sensitive], runtime) => {
    const get = attributeGetter(attribute, fallback);
    const key = (item: Value) => (optionalFlag(sensitive) ? get(item) : ignoreCase(get(item)));
    const groups: { readonly key: Value; readonly items: Value[] }[] = [];
    for (const item of sortBy(listOf(value, runtime.budget), { key, reverse: false }, runtime)) {
      const last = groups.at(-1);
      if (last !== undefined && isEqual(last.key, key(item), runtime.budget)) last.items.push(item);
      else groups.push({ key: key(item), items: [item] });
    }
    return groups.map(({ items }) => new Tuple([get(items[0] ?? null), items], ["grouper", "list"]));
  }),
  batch: filter(["linecount", "fill_with?"], (value, [count = null, fill], { budget }) => {
    const size = Math.max(1, expectInteger(count));
    const items = listOf(value, budget);
    const rows: Value[][] = [];
    for (let at = 0; at < items.length; at += size) rows.push(items.slice(at, at + size));
    const last = rows.at(-1);
    if (last !== undefined && fill !== undefined && fill !== null) {
      budget.chargeItems(size);
      while (last.length < size) last.push(fill);
    }
    return new Iteration(rows);
  }),
  slice: filter(["slices", "fill_with?"], (value, [count = null, fill], { budget }) => {
    const items = listOf(value, budget);
    const slices = expectInteger(count);
    if (slices === 0) throw runtimeError("integer division or modulo by zero");
    budget.chargeItems(Math.max(slices, 0));
    const [least, extra] = [Math.floor(items.length / slices), items.length % slices];
    return new Iteration(
      Array.from({ length: Math.max(slices, 0) }, (_, i) => {
        const start = i * least + Math.min(i, extra);
        const part = items.slice(start, start + least + (i < extra ? 1 : 0));
        return fill !== undefined && fill !== null && i >= extra ? [...part, fill] : part;
      }),
    );
  }),
  items: (value) => {
    if (value instanceof Undefined) return new Iteration([]);
    if (!(value instanceof Dict)) throw runtimeError("Can only get item pairs from a mapping.");
    return new Iteration([...value.entries()].map((entry) => new Tuple(entry)));
  },
};

function sortBy(
  items: readonly Value[],
  { key, reverse }: { key: (item: Value) => Value; reverse: boolean },
  { budget }: Runtime,
): Value[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const order = reverse ? -1 : 1;
  keyed.sort((left, right) => order * compare(left.key, right.key, { operator: "<", budget }));
  return keyed.map(({ item }) => item);
}

function extreme(isBetter: (order: number) => boolean): Filter {
  return filter(["case_sensitive?", "attribute?"], (value, [caseSensitive, attribute], { budget }) => {
    const get = attributeGetter(attribute);
    const key = (item: Value) => (optionalFlag(caseSensitive) ? get(item) : ignoreCase(get(item)));
    const [first, ...rest] = listOf(value, budget);
    if (first === undefined) return new Undefined("No aggregated item, sequence was empty.");
    let best = first;
    for (const item of rest) {
      if (isBetter(compare(key(item), key(best), { operator: "<", budget }))) best = item;
    }
    return best;
  });
}
