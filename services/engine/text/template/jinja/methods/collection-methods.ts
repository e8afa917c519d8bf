import type { Budget } from "../budget.ts";
import { runtimeError } from "../jinja-error.ts";
import { bindArguments } from "../run/bind-arguments.ts";
import { expectInteger, optionalFlag, optionalInteger } from "../run/expect.ts";
import { compare, isEqual } from "../values/compare.ts";
import { Dict, DictView } from "../values/dict.ts";
import { listOf } from "../values/iterate.ts";
import { Callable, Tuple, type Runtime, type Value } from "../values/value.ts";

type Arguments = readonly (Value | undefined)[];

interface Method<Of> {
  readonly parameters: readonly string[];
  readonly call: (self: Of, args: Arguments, runtime: Runtime) => Value;
}

/** What Python's lists and tuples can be asked. */
const sequenceMethods: Readonly<Record<string, Method<readonly Value[]>>> = {
  count: {
    parameters: ["value"],
    call: (items, [value = null], { budget }) => BigInt(items.filter((item) => isEqual(item, value, budget)).length),
  },
  index: {
    parameters: ["value", "start?", "stop?"],
    call: (items, [value = null, start, stop], { budget }) => {
      const from = clamp(optionalInteger(start, 0), items.length);
      const to = clamp(optionalInteger(stop, items.length), items.length);
      const at = items.slice(from, to).findIndex((item) => isEqual(item, value, budget));
      if (at === -1) throw runtimeError("the value is not in the list");
      return BigInt(at + from);
    },
  },
};

/**
 * Those of lists alone. The sandbox of Transformers refuses the ones that change a list, but templates are written for
 * llama.cpp too, which has them: here they work.
 */
const listMethods: Readonly<Record<string, Method<Value[]>>> = {
  ...sequenceMethods,
  copy: { parameters: [], call: (items) => [...items] },
  append: { parameters: ["object"], call: (items, [value = null], { budget }) => grow(items, [value], budget) },
  extend: {
    parameters: ["iterable"],
    call: (items, [values = null], { budget }) => grow(items, [...listOf(values, budget)], budget),
  },
  insert: {
    parameters: ["index", "object"],
    call: (items, [index = null, value = null], { budget }) => {
      budget.chargeItems(items.length);
      items.splice(expectInteger(index), 0, value);
      return null;
    },
  },
  pop: {
    parameters: ["index?"],
    call: (items, [index]) => {
      const [value] = items.splice(optionalInteger(index, -1), 1);
      if (value === undefined) throw runtimeError("pop index out of range");
      return value;
    },
  },
  remove: {
    parameters: ["value"],
    call: (items, [value = null], { budget }) => {
      const at = items.findIndex((item) => isEqual(item, value, budget));
      if (at === -1) throw runtimeError("list.remove(x): x not in list");
      items.splice(at, 1);
      return null;
    },
  },
  clear: { parameters: [], call: (items) => (items.splice(0), null) },
  reverse: { parameters: [], call: (items) => (items.reverse(), null) },
  sort: {
    parameters: ["*reverse?"],
    call: (items, [reverse], { budget }) => {
      const order = optionalFlag(reverse) ? -1 : 1;
      items.sort((left, right) => order * compare(left, right, { operator: "<", budget }));
      return null;
    },
  },
};

/** Those of dictionaries; of the changing ones the same is true. */
const dictMethods: Readonly<Record<string, Method<Dict>>> = {
  get: {
    parameters: ["key", "default?"],
    call: (dict, [key = null, fallback = null]) => {
      const value = dict.get(key);
      return value === undefined ? fallback : value;
    },
  },
  keys: { parameters: [], call: (dict) => new DictView("dict_keys", dict) },
  values: { parameters: [], call: (dict) => new DictView("dict_values", dict) },
  items: { parameters: [], call: (dict) => new DictView("dict_items", dict) },
  copy: { parameters: [], call: (dict) => new Dict(dict.entries()) },
  update: {
    parameters: ["other?"],
    call: (dict, [other], { budget }) => {
      for (const [key, value] of other === undefined ? [] : pairsOf(other, budget)) dict.set(key, value);
      return null;
    },
  },
  setdefault: {
    parameters: ["key", "default?"],
    call: (dict, [key = null, fallback = null]) => {
      const value = dict.get(key);
      if (value === undefined) dict.set(key, fallback);
      return value === undefined ? fallback : value;
    },
  },
  pop: {
    parameters: ["key", "default?"],
    call: (dict, [key = null, fallback]) => {
      const value = dict.get(key);
      dict.delete(key);
      const result = value === undefined ? fallback : value;
      if (result === undefined) throw runtimeError("KeyError: the key is not in the dictionary");
      return result;
    },
  },
  clear: { parameters: [], call: (dict) => (dict.clear(), null) },
};

/** A method of a list or tuple; undefined when there is none of the name. */
export function listMethod(items: Value[], name: string): Value | undefined {
  return method(items, name, listMethods);
}

export function tupleMethod(items: readonly Value[], name: string): Value | undefined {
  return method(items, name, sequenceMethods);
}

/** A method of a dictionary; undefined when there is none of the name. */
export function dictMethod(dict: Dict, name: string): Value | undefined {
  return method(dict, name, dictMethods);
}

/** The pairs of a dictionary, or of a list of pairs. */
export function* pairsOf(value: Value, budget: Budget): Iterable<readonly [Value, Value]> {
  if (value instanceof Dict) {
    yield* value.entries();
    return;
  }
  for (const pair of listOf(value, budget)) {
    const [key = null, item = null] = pair instanceof Tuple ? pair.items : listOf(pair, budget);
    yield [key, item];
  }
}

function method<Of>(self: Of, name: string, methods: Readonly<Record<string, Method<Of>>>): Value | undefined {
  const found = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (found === undefined) return undefined;
  const { parameters, call } = found;
  return new Callable(
    name,
    (given, runtime) => call(self, bindArguments(name, given, parameters), runtime),
    "builtin_function_or_method",
  );
}

function grow(items: Value[], values: readonly Value[], budget: Budget): null {
  budget.chargeLength(items.length + values.length);
  for (const value of values) items.push(value);
  return null;
}

function clamp(at: number, length: number): number {
  return at < 0 ? Math.max(at + length, 0) : at;
}
