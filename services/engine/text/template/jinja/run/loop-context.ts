import type { Budget } from "../budget.ts";
import { runtimeError } from "../jinja-error.ts";
import { isEqual } from "../values/compare.ts";
import { Callable, orUndefined, type Call, type Runtime, type Value } from "../values/value.ts";

/** A loop's items and its way to run again on others. */
export interface LoopRun {
  readonly items: readonly Value[];
  /** 0 for a loop that is not within itself. */
  readonly depth: number;
  /** undefined: the loop is not recursive. */
  readonly again: ((items: Value, depth: number) => Value) | undefined;
  readonly budget: Budget;
}

/** The variable `loop`: where a loop is. */
export class LoopContext extends Callable {
  index = 0;
  readonly #run: LoopRun;
  #last: Value[] | undefined;

  constructor(run: LoopRun) {
    super("loop", ({ args }) => this.#again(args[0] ?? null), "LoopContext");
    this.#run = run;
  }

  override attribute(name: string): Value | undefined {
    const { items, depth } = this.#run;
    const { index } = this;
    switch (name) {
      case "index":
        return BigInt(index + 1);
      case "index0":
        return BigInt(index);
      case "revindex":
        return BigInt(items.length - index);
      case "revindex0":
        return BigInt(items.length - index - 1);
      case "first":
        return index === 0;
      case "last":
        return index === items.length - 1;
      case "length":
        return BigInt(items.length);
      case "depth":
        return BigInt(depth + 1);
      case "depth0":
        return BigInt(depth);
      case "previtem":
        return orUndefined(items[index - 1], "there is no previous item");
      case "nextitem":
        return orUndefined(items[index + 1], "there is no next item");
      case "cycle":
        return new Callable(name, ({ args }) => this.#cycle(args));
      case "changed":
        return new Callable(name, (call, runtime) => this.#changed(call, runtime));
      default:
        return undefined;
    }
  }

  override repr(): string {
    return `<LoopContext ${this.index + 1}/${this.#run.items.length}>`;
  }

  #again(items: Value): Value {
    const { again, depth } = this.#run;
    if (again === undefined) {
      throw runtimeError("The loop must have the 'recursive' marker to be called recursively.");
    }
    return again(items, depth + 1);
  }

  #cycle(values: readonly Value[]): Value {
    const value = values[this.index % values.length];
    if (value === undefined) throw runtimeError("no items for cycling given");
    return value;
  }

  #changed({ args }: Call, { budget }: Runtime): boolean {
    const last = this.#last;
    this.#last = [...args];
    return last === undefined || !isEqual(last, this.#last, budget);
  }
}
