import { runtimeError } from "../jinja-error.ts";
import { bindArguments } from "../run/bind-arguments.ts";
import { optionalInteger } from "../run/expect.ts";
import { isEqual } from "../values/compare.ts";
import { type Dict, DictView } from "../values/dict.ts";
import { Callable, Undefined, type Value } from "../values/value.ts";

// The sandbox of Transformers lets no template change what it is given: methods that would do so are not defined.
const changing: Readonly<Record<"list" | "dict", readonly string[]>> = {
  list: ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"],
  dict: ["clear", "pop", "popitem", "setdefault", "update"],
};

/** A method of a list or tuple; undefined when there is none of the name. */
export function listMethod(items: readonly Value[], name: string, typeName: "list" | "tuple"): Value | undefined {
  if (typeName === "list" && changing.list.includes(name)) return unsafe(name, "list");
  switch (name) {
    case "count":
      return method(name, (call, { budget }) => {
        const [value = null] = bindArguments(name, call, ["value"]);
        return BigInt(items.filter((item) => isEqual(item, value, budget)).length);
      });
    case "index":
      return method(name, (call, { budget }) => {
        const [value = null, start, stop] = bindArguments(name, call, ["value", "start?", "stop?"]);
        const from = clamp(optionalInteger(start, 0), items.length);
        const to = clamp(optionalInteger(stop, items.length), items.length);
        const at = items.slice(from, to).findIndex((item) => isEqual(item, value, budget));
        if (at === -1) throw runtimeError(`value is not in ${typeName}`);
        return BigInt(at + from);
      });
    case "copy":
      return typeName === "list" ? method(name, () => items) : undefined;
    default:
      return undefined;
  }
}

/** A method of a dictionary; undefined when there is none of the name. */
export function dictMethod(dict: Dict, name: string): Value | undefined {
  if (changing.dict.includes(name)) return unsafe(name, "dict");
  switch (name) {
    case "get":
      return method(name, (call) => {
        const [key = null, fallback = null] = bindArguments(name, call, ["key", "default?"]);
        const value = dict.get(key);
        return value === undefined ? fallback : value;
      });
    case "keys":
    case "values":
    case "items":
      return method(name, (call) => {
        bindArguments(name, call, []);
        return new DictView(`dict_${name}`, dict);
      });
    case "copy":
      return method(name, () => dict);
    default:
      return undefined;
  }
}

/** What the sandbox gives for a member that it does not hand out: not defined, and an error when it is used. */
export function unsafe(name: string, typeName: string): Undefined {
  return new Undefined(`access to attribute '${name}' of '${typeName}' object is unsafe.`);
}

function method(name: string, call: Callable["call"]): Callable {
  return new Callable(name, call, "builtin_function_or_method");
}

function clamp(at: number, length: number): number {
  return at < 0 ? Math.max(at + length, 0) : at;
}
