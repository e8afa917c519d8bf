import { globals } from "./globals.ts";
import { Undefined, type Value } from "../values/value.ts";

/** A scope of variables: a loop's turn, a macro's call, a block; what it does not have is looked for around it. */
export class Scope {
  readonly #variables: Map<string, Value>;
  readonly #parent: Scope | undefined;

  constructor(parent?: Scope, variables: Iterable<readonly [string, Value]> = []) {
    this.#parent = parent;
    this.#variables = new Map(variables);
  }

  get(name: string): Value {
    const own = this.#variables.get(name);
    if (own !== undefined) return own;
    if (this.#parent !== undefined) return this.#parent.get(name);
    return globals.get(name) ?? new Undefined(`'${name}' is undefined`);
  }

  set(name: string, value: Value): void {
    this.#variables.set(name, value);
  }
}
