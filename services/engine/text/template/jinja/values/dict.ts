import { runtimeError } from "../jinja-error.ts";
import { JinjaObject, Markup, Tuple, Undefined, type Value } from "./value.ts";

/** A dictionary in the order of its keys' first appearance. Keys that Python takes for equal (1, 1.0, True) are one. */
export class Dict extends JinjaObject {
  readonly typeName = "dict";
  readonly #entries = new Map<string, readonly [Value, Value]>();

  /** Of the values of one key the last one counts. */
  constructor(entries: Iterable<readonly [key: Value, value: Value]> = []) {
    super();
    for (const [key, value] of entries) this.set(key, value);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: Value): Value | undefined {
    return this.#entries.get(hashKey(key))?.[1];
  }

  set(key: Value, value: Value): void {
    const hash = hashKey(key);
    this.#entries.set(hash, [this.#entries.get(hash)?.[0] ?? key, value]);
  }

  delete(key: Value): void {
    this.#entries.delete(hashKey(key));
  }

  clear(): void {
    this.#entries.clear();
  }

  entries(): Iterable<readonly [Value, Value]> {
    return this.#entries.values();
  }

  *keys(): Iterable<Value> {
    for (const [key] of this.#entries.values()) yield key;
  }

  *values(): Iterable<Value> {
    for (const [, value] of this.#entries.values()) yield value;
  }
}

/** `keys()`, `values()` and `items()`: a view that can be walked again and again, but not indexed. */
export class DictView extends JinjaObject {
  readonly typeName: "dict_keys" | "dict_values" | "dict_items";
  readonly dict: Dict;

  constructor(typeName: DictView["typeName"], dict: Dict) {
    super();
    this.typeName = typeName;
    this.dict = dict;
  }

  *items(): Iterable<Value> {
    if (this.typeName === "dict_keys") yield* this.dict.keys();
    else if (this.typeName === "dict_values") yield* this.dict.values();
    else for (const entry of this.dict.entries()) yield new Tuple(entry);
  }
}

/** A text that two values have in common exactly when Python takes them for the same key. Throws when it takes none. */
export function hashKey(key: Value): string {
  switch (typeof key) {
    case "string":
      return `s${key}`;
    case "bigint":
      return `n${key}`;
    case "boolean":
      return key ? "n1" : "n0";
    case "number":
      return Number.isInteger(key) ? `n${BigInt(key)}` : `f${key}`;
    default:
  }
  if (key === null) return "None";
  if (key instanceof Markup) return `s${key.text}`;
  if (key instanceof Undefined) return "Undefined";
  if (key instanceof Tuple) return `t${JSON.stringify(key.items.map(hashKey))}`;
  const typeName = key instanceof JinjaObject ? key.typeName : "list";
  throw runtimeError(`unhashable type: '${typeName}'`);
}
