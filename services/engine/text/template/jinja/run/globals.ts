import { JinjaError, runtimeError } from "../jinja-error.ts";
import { strftime } from "../../strftime.ts";
import { Dict } from "../values/dict.ts";
import { pairsOf } from "../methods/collection-methods.ts";
import { Range } from "../values/range.ts";
import { textOf } from "../values/text.ts";
import { Callable, JinjaObject, Namespace, type Runtime, type Value } from "../values/value.ts";
import { bindArguments } from "./bind-arguments.ts";
import { expectInteger, expectText } from "./expect.ts";

/** What every template can call: Jinja's globals and Transformers' two. */
export const globals: ReadonlyMap<string, Value> = new Map(
  [
    new Callable("range", ({ args }) => {
      const [first = null, stop, step = 1n] = args;
      const [start, end] = stop === undefined ? [0n, first] : [first, stop];
      return new Range(expectInteger(start), expectInteger(end), expectInteger(step));
    }),
    new Callable("dict", ({ args, named }, { budget }) => new Dict([...entriesOf(args[0], budget), ...named])),
    new Callable("namespace", ({ args, named }, { budget }) => {
      const namespace = new Namespace();
      for (const [key, value] of [...entriesOf(args[0], budget), ...named]) {
        namespace.members.set(expectText(key), value);
      }
      return namespace;
    }),
    new Callable("cycler", ({ args }) => new Cycler(args)),
    new Callable("joiner", (call) => joiner(bindArguments("joiner", call, ["sep?"])[0] ?? ", ")),
    new Callable("raise_exception", (call, { budget }) => {
      const [message = null] = bindArguments("raise_exception", call, ["message"]);
      throw new JinjaError("refusal", textOf(message, budget));
    }),
    new Callable("strftime_now", (call, { now }) => {
      const [format = null] = bindArguments("strftime_now", call, ["format"]);
      return strftime(now, expectText(format));
    }),
  ].map((callable) => [callable.name, callable]),
);

function entriesOf(value: Value | undefined, budget: Runtime["budget"]): Iterable<readonly [Value, Value]> {
  return value === undefined ? [] : pairsOf(value, budget);
}

class Cycler extends JinjaObject {
  readonly typeName = "Cycler";
  readonly #items: readonly Value[];
  #at = 0;

  constructor(items: readonly Value[]) {
    super();
    if (items.length === 0) throw runtimeError("at least one item has to be provided");
    this.#items = items;
  }

  override attribute(name: string): Value | undefined {
    const current = this.#items[this.#at] ?? null;
    if (name === "current") return current;
    if (name === "next") {
      return new Callable(name, () => {
        const value = this.#items[this.#at] ?? null;
        this.#at = (this.#at + 1) % this.#items.length;
        return value;
      });
    }
    return name === "reset" ? new Callable(name, () => ((this.#at = 0), null)) : undefined;
  }
}

function joiner(separator: Value): Callable {
  let used = false;
  return new Callable("joiner", () => {
    const before = used;
    used = true;
    return before ? separator : "";
  });
}
