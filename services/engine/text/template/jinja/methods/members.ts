import { runtimeError } from "../jinja-error.ts";
import { codePoints } from "../values/code-points.ts";
import { asNumber } from "../values/compare.ts";
import { Dict } from "../values/dict.ts";
import { asText, typeName, undefinedError } from "../values/facts.ts";
import { Range } from "../values/range.ts";
import { Callable, JinjaObject, Markup, Tuple, Undefined, type Value } from "../values/value.ts";
import { dictMethod, listMethod, tupleMethod } from "./collection-methods.ts";
import { formatText } from "./format-text.ts";
import { callTextMethod, textMethods } from "./text-methods.ts";

/** `object.name`, as Jinja's sandbox has it: a member of the object, else the item of that name, else undefined. */
export function getAttribute(object: Value, name: string): Value {
  const member = memberOf(object, name);
  if (member !== undefined) return member;
  const item = itemOf(object, name);
  return item === undefined ? missing(object, name) : item;
}

/** `object[key]`: an item, else the member of that name, else undefined. */
export function getItem(object: Value, key: Value): Value {
  const item = itemOf(object, key);
  if (item !== undefined) return item;
  const name = asText(key);
  const member = name === undefined ? undefined : memberOf(object, name);
  return member === undefined ? missing(object, key) : member;
}

/** As Python's getattr; undefined when there is no such member. Members that begin with "_" are not handed out. */
export function memberOf(object: Value, name: string): Value | undefined {
  if (object instanceof Undefined && !name.startsWith("__")) throw undefinedError(object);
  if (name.startsWith("__"))
    return /^__(?:class|doc|init|str|repr|eq|dir)__$/.test(name) ? unsafe(name, typeName(object)) : undefined;
  if (typeof object === "string" || object instanceof Markup) return textMember(object, name);
  if (object instanceof Dict) return dictMethod(object, name);
  if (object instanceof Tuple) {
    const named = object.attribute(name);
    return named === undefined ? tupleMethod(object.items, name) : named;
  }
  if (object instanceof JinjaObject) return object.attribute(name);
  return Array.isArray(object) ? listMethod(object, name) : numberMember(object, name);
}

function textMember(object: string | Markup, name: string): Value | undefined {
  const text = typeof object === "string" ? object : object.text;
  const like = (value: Value) => (object instanceof Markup && typeof value === "string" ? new Markup(value) : value);
  if (name === "format") return new Callable(name, (call, runtime) => like(formatText(text, call, runtime)));
  if (!Object.hasOwn(textMethods, name)) return undefined;
  return new Callable(
    name,
    (call, runtime) => like(callTextMethod(name, text, { call, runtime })),
    "builtin_function_or_method",
  );
}

function numberMember(object: Value, name: string): Value | undefined {
  const number = asNumber(object);
  if (number === undefined) return undefined;
  if (name === "real") return number;
  if (name === "imag") return typeof number === "bigint" ? 0n : 0;
  if (name === "is_integer" && typeof number === "number") {
    return new Callable(name, () => Number.isInteger(number), "builtin_function_or_method");
  }
  if (typeof number !== "bigint") return undefined;
  if (name === "numerator") return number;
  if (name === "denominator") return 1n;
  if (name !== "bit_length") return undefined;
  const bits = number === 0n ? 0 : (number < 0n ? -number : number).toString(2).length;
  return new Callable(name, () => BigInt(bits), "builtin_function_or_method");
}

/** As Python's `object[key]`; undefined when there is no such item. */
function itemOf(object: Value, key: Value): Value | undefined {
  if (object instanceof Undefined) throw undefinedError(object);
  if (object instanceof Dict) return isHashable(key) ? object.get(key) : undefined;
  const index = asNumber(key);
  if (typeof index !== "bigint") return undefined;
  const text = asText(object);
  if (text !== undefined) {
    const points = codePoints(text);
    const char = points[place(index, points.length)];
    return char !== undefined && object instanceof Markup ? new Markup(char) : char;
  }
  if (object instanceof Range) {
    const at = place(index, object.length);
    return at >= 0 && at < object.length ? object.at(at) : undefined;
  }
  const items = object instanceof Tuple ? object.items : object;
  return Array.isArray(items) ? (items as Value[])[place(index, items.length)] : undefined;
}

function place(index: bigint, length: number): number {
  return Number(index < 0n ? index + BigInt(length) : index);
}

function isHashable(key: Value): boolean {
  return !(key instanceof Dict || Array.isArray(key));
}

function missing(object: Value, key: Value): Undefined {
  const owner = object === null ? "None" : `${typeName(object)} object`;
  const name = asText(key);
  if (name === undefined) return new Undefined(`${owner} has no element ${keyText(key)}`);
  return new Undefined(`'${owner}' has no attribute '${name}'`);
}

function keyText(key: Value): string {
  return typeof key === "object" && key !== null ? `of type ${typeName(key)}` : String(key);
}

/** `object[start:stop:step]`, as Python has it. Throws where there are no slices. */
export function getSlice(object: Value, bounds: readonly (number | undefined)[]): Value {
  const [start, stop, step = 1] = bounds;
  if (step === 0) throw runtimeError("slice step cannot be zero");
  const text = asText(object);
  if (text !== undefined) {
    const points = codePoints(text);
    const picked = pick(points, { start, stop, step }).join("");
    return object instanceof Markup ? new Markup(picked) : picked;
  }
  if (object instanceof Undefined) throw undefinedError(object);
  if (object instanceof Tuple) return new Tuple(pick(object.items, { start, stop, step }));
  if (object instanceof Range) return pick([...object.items()], { start, stop, step });
  if (Array.isArray(object)) return pick(object, { start, stop, step });
  return missing(object, "slice");
}

interface SliceBounds {
  readonly start: number | undefined;
  readonly stop: number | undefined;
  readonly step: number;
}

function pick<T>(items: ArrayLike<T>, { start, stop, step }: SliceBounds): T[] {
  const { length } = items;
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const clamp = (at: number | undefined, fallback: number) => {
    if (at === undefined) return fallback;
    return Math.min(Math.max(at < 0 ? at + length : at, low), high);
  };
  const from = clamp(start, step > 0 ? 0 : length - 1);
  const to = clamp(stop, step > 0 ? length : -1);
  const picked: T[] = [];
  for (let at = from; step > 0 ? at < to : at > to; at += step) picked.push(items[at] as T);
  return picked;
}

/** What the sandbox gives for a member that it does not hand out: not defined, and an error when it is used. */
function unsafe(name: string, owner: string): Undefined {
  return new Undefined(`access to attribute '${name}' of '${owner}' object is unsafe.`);
}
