import type { Budget } from "../budget.ts";

/**
 * A value of a running template, with what Python knows of it: integers are bigints, numbers are floats, lists are
 * arrays. All else are objects of the classes below and in this room.
 */
export type Value = null | boolean | bigint | number | string | Value[] | JinjaObject;

/** What the functions of templates need of the rendering that they run in. */
export interface Runtime {
  readonly budget: Budget;
  readonly now: Date;
  /** Applies a filter or a test by its name. Throws when there is none. */
  filter(name: string, call: Call): Value;
  test(name: string, call: Call): boolean;
  /** `object.name` and `object[key]`. */
  attribute(object: Value, name: string): Value;
  item(object: Value, key: Value): Value;
  /** Calls a value. Throws when it cannot be called. */
  call(callee: Value, call: Call): Value;
}

/** The arguments of a call: those by place, then those by name. */
export interface Call {
  readonly args: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

/** An object that is not a plain JavaScript value. */
export abstract class JinjaObject {
  /** As Python's `type(x).__name__`. */
  abstract readonly typeName: string;

  /** As Python's getattr; undefined: there is no such attribute. */
  attribute(_name: string): Value | undefined {
    return undefined;
  }

  /** As Python's repr, where it needs no other values' texts. */
  repr(): string {
    return `<${this.typeName}>`;
  }
}

/** What a name, a key or an attribute that is not there gives. Using it for more than asking is an error. */
export class Undefined extends JinjaObject {
  readonly typeName = "Undefined";
  /** What is not there, for the error. */
  readonly hint: string;

  constructor(hint: string) {
    super();
    this.hint = hint;
  }

  override repr(): string {
    return "Undefined";
  }
}

/** What was looked for, None too; where it is not there, an undefined value that says so. */
export function orUndefined(value: Value | undefined, hint: string): Value {
  return value === undefined ? new Undefined(hint) : value;
}

/** A text that is marked as HTML: what is added to it is escaped. */
export class Markup extends JinjaObject {
  readonly typeName = "Markup";
  readonly text: string;

  constructor(text: string) {
    super();
    this.text = text;
  }
}

export class Tuple extends JinjaObject {
  readonly typeName = "tuple";
  readonly items: readonly Value[];
  readonly #names: readonly string[];

  /** `names` are those of a named tuple's items. */
  constructor(items: readonly Value[], names: readonly string[] = []) {
    super();
    this.items = items;
    this.#names = names;
  }

  override attribute(name: string): Value | undefined {
    const at = this.#names.indexOf(name);
    return at === -1 ? undefined : this.items[at];
  }
}

/** Something that is called: a function, a method, a macro. */
export class Callable extends JinjaObject {
  readonly typeName: string;
  readonly name: string;
  readonly call: (call: Call, runtime: Runtime) => Value;

  constructor(name: string, call: (call: Call, runtime: Runtime) => Value, typeName = "function") {
    super();
    this.name = name;
    this.call = call;
    this.typeName = typeName;
  }

  override repr(): string {
    return `<${this.typeName} ${this.name}>`;
  }
}

/** Python's iterators and generators: their items come once. */
export class Iteration extends JinjaObject {
  readonly typeName = "generator";
  readonly items: Iterator<Value>;

  constructor(items: Iterable<Value>) {
    super();
    this.items = items[Symbol.iterator]();
  }
}

/** What `namespace()` gives: the only object that a template can write to. */
export class Namespace extends JinjaObject {
  readonly typeName = "Namespace";
  readonly members = new Map<string, Value>();

  override attribute(name: string): Value | undefined {
    return this.members.get(name);
  }
}
