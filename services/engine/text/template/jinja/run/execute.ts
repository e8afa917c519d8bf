import { runtimeError, JinjaError } from "../jinja-error.ts";
import type { Expression, FilterExpression, ForLoop, Statement, Target } from "../syntax/nodes.ts";
import { isTrue, typeName, undefinedError } from "../values/facts.ts";
import { listOf } from "../values/iterate.ts";
import { textOf } from "../values/text.ts";
import { Namespace, Undefined, type Value } from "../values/value.ts";
import type { Evaluator } from "./evaluate.ts";
import { LoopContext } from "./loop-context.ts";
import { Macro, type MacroHost } from "./macro.ts";
import { Scope } from "./scope.ts";

/** How a body ended: at its end, or at a loop control that is for the loop around it. */
type Ending = "end" | "break" | "continue";

/** Runs statements: what they write is collected. */
export class Executor implements MacroHost {
  readonly #evaluator: Evaluator;
  #written: string[] = [];

  constructor(evaluator: Evaluator) {
    this.#evaluator = evaluator;
  }

  evaluate(expression: Expression, scope: Scope): Value {
    return this.#evaluator.evaluate(expression, scope);
  }

  capture(body: readonly Statement[], scope: Scope): string {
    const outside = this.#written;
    this.#written = [];
    try {
      this.#run(body, scope);
      return this.#written.join("");
    } finally {
      this.#written = outside;
    }
  }

  #run(body: readonly Statement[], scope: Scope): Ending {
    for (const statement of body) {
      const ending = this.#statement(statement, scope);
      if (ending !== "end") return ending;
    }
    return "end";
  }

  #statement(statement: Statement, scope: Scope): Ending {
    this.#evaluator.budget.charge(1);
    try {
      return this.#execute(statement, scope);
    } catch (error) {
      if (error instanceof JinjaError) error.line ??= statement.line;
      throw error;
    }
  }

  #execute(statement: Statement, scope: Scope): Ending {
    switch (statement.kind) {
      case "text":
        this.#write(statement.text);
        return "end";
      case "print":
        this.#write(textOf(this.evaluate(statement.value, scope), this.#evaluator.budget));
        return "end";
      case "if": {
        const branch = statement.branches.find(({ test }) => isTrue(this.evaluate(test, scope)));
        return this.#run(branch?.body ?? statement.otherwise, scope);
      }
      case "for":
        this.#for(statement, scope);
        return "end";
      case "set":
        this.#assign(statement.target, this.evaluate(statement.value, scope), scope);
        return "end";
      case "set block": {
        const text = this.capture(statement.body, new Scope(scope));
        this.#assign(statement.target, this.#filtered(text, statement.filter, scope), scope);
        return "end";
      }
      case "filter block": {
        const text = this.capture(statement.body, new Scope(scope));
        this.#write(textOf(this.#filtered(text, statement.filter, scope), this.#evaluator.budget));
        return "end";
      }
      case "macro":
        scope.set(statement.name, new Macro(statement.name, statement.macro, { defined: scope, host: this }));
        return "end";
      case "call block": {
        const caller = new Macro("caller", statement.caller, { defined: scope, host: this });
        const callee = this.evaluate(statement.call.callee, scope);
        const { args, named } = this.#evaluator.arguments(statement.call.args, scope);
        const result = this.#evaluator.call(callee, { args, named: new Map([...named, ["caller", caller]]) });
        this.#write(textOf(result, this.#evaluator.budget));
        return "end";
      }
      case "with": {
        const inner = new Scope(scope);
        for (const { target, value } of statement.assignments) this.#assign(target, this.evaluate(value, scope), inner);
        return this.#run(statement.body, inner);
      }
      case "scope":
        return this.#run(statement.body, new Scope(scope));
      case "break":
      case "continue":
        return statement.kind;
    }
  }

  #for(loop: ForLoop, scope: Scope): void {
    this.#loop(loop, this.evaluate(loop.iterable, scope), { scope, depth: 0 });
  }

  #loop(loop: ForLoop, iterable: Value, { scope, depth }: { readonly scope: Scope; readonly depth: number }): void {
    const { budget } = this.#evaluator;
    const items = this.#chosen(loop, listOf(iterable, budget), scope);
    const again = loop.recursive
      ? (others: Value, to: number) => budget.nested(() => this.#captureLoop(loop, others, { scope, depth: to }))
      : undefined;
    const context = new LoopContext({ items, depth, again, budget });
    for (const [index, item] of items.entries()) {
      budget.charge(1);
      const turn = new Scope(scope);
      this.#assign(loop.target, item, turn);
      turn.set("loop", context);
      context.index = index;
      if (this.#run(loop.body, turn) === "break") break;
    }
    if (items.length === 0) this.#run(loop.otherwise, new Scope(scope));
  }

  #captureLoop(loop: ForLoop, iterable: Value, place: { readonly scope: Scope; readonly depth: number }): string {
    const outside = this.#written;
    this.#written = [];
    try {
      this.#loop(loop, iterable, place);
      return this.#written.join("");
    } finally {
      this.#written = outside;
    }
  }

  #chosen({ target, condition }: ForLoop, items: readonly Value[], scope: Scope): readonly Value[] {
    if (condition === undefined) return items;
    return items.filter((item) => {
      const turn = new Scope(scope);
      this.#assign(target, item, turn);
      return isTrue(this.evaluate(condition, turn));
    });
  }

  #assign(target: Target, value: Value, scope: Scope): void {
    if (target.kind === "name") return scope.set(target.name, value);
    if (target.kind === "member") {
      const namespace = scope.get(target.namespace);
      if (namespace instanceof Namespace) {
        namespace.members.set(target.name, value);
        return;
      }
      if (namespace instanceof Undefined) throw undefinedError(namespace);
      throw runtimeError("cannot assign attribute on non-namespace object");
    }
    const values = listOf(value, this.#evaluator.budget);
    if (values.length !== target.items.length) {
      const few = values.length < target.items.length;
      throw runtimeError(
        `${few ? "not enough" : "too many"} values to unpack from a ${typeName(value)} (expected ${target.items.length})`,
      );
    }
    for (const [i, item] of target.items.entries()) this.#assign(item, values[i] ?? null, scope);
  }

  /** What a block's filters make of its text: the innermost one has no value of its own. */
  #filtered(text: string, filter: FilterExpression | undefined, scope: Scope): Value {
    if (filter === undefined) return text;
    const { value, name, args } = filter;
    const before = value?.kind === "filter" ? this.#filtered(text, value, scope) : text;
    const call = this.#evaluator.arguments(args, scope);
    return this.#evaluator.filter(name, { ...call, args: [before, ...call.args] });
  }

  #write(text: string): void {
    if (text === "") return;
    this.#evaluator.budget.write(text.length);
    this.#written.push(text);
  }
}
