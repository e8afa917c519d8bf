import { filters } from "../filters/filters.ts";
import { JinjaError, runtimeError } from "../jinja-error.ts";
import { getAttribute, getItem, getSlice } from "../methods/members.ts";
import type { Arguments, CompareOperator, Expression } from "../syntax/nodes.ts";
import type { Budget } from "../budget.ts";
import { compare, contains, isEqual } from "../values/compare.ts";
import { Dict } from "../values/dict.ts";
import { isTrue, typeName, undefinedError } from "../values/facts.ts";
import { listOf } from "../values/iterate.ts";
import { binary, negative, positive } from "../values/operators.ts";
import { textOf } from "../values/text.ts";
import { Callable, Tuple, Undefined, type Call, type Runtime, type Value } from "../values/value.ts";
import { expectInteger, expectText } from "./expect.ts";
import type { Scope } from "./scope.ts";
import { tests } from "./tests.ts";

/** Evaluates expressions, and is what functions get of the rendering. Errors say the line that they come from. */
export class Evaluator implements Runtime {
  readonly budget: Budget;
  readonly now: Date;

  constructor(budget: Budget, now: Date) {
    this.budget = budget;
    this.now = now;
  }

  evaluate(expression: Expression, scope: Scope): Value {
    this.budget.charge(1);
    try {
      return this.#evaluate(expression, scope);
    } catch (error) {
      if (error instanceof JinjaError) error.line ??= expression.line;
      throw error;
    }
  }

  filter(name: string, { args, named }: Call): Value {
    const apply = filters.get(name);
    if (apply === undefined) throw runtimeError(`No filter named '${name}'.`);
    const [value = null, ...rest] = args;
    return apply(value, { args: rest, named }, this);
  }

  test(name: string, { args }: Call): boolean {
    const test = tests.get(name);
    if (test === undefined) throw runtimeError(`No test named '${name}'.`);
    const [value = null, ...rest] = args;
    return test(value, rest, this);
  }

  attribute(object: Value, name: string): Value {
    return getAttribute(object, name);
  }

  item(object: Value, key: Value): Value {
    return getItem(object, key);
  }

  call(callee: Value, call: Call): Value {
    if (callee instanceof Callable) return callee.call(call, this);
    if (callee instanceof Undefined) throw undefinedError(callee);
    throw runtimeError(`'${typeName(callee)}' object is not callable`);
  }

  #evaluate(expression: Expression, scope: Scope): Value {
    switch (expression.kind) {
      case "constant":
        return expression.value;
      case "name":
        return scope.get(expression.name);
      case "list":
        return expression.items.map((item) => this.evaluate(item, scope));
      case "tuple":
        return new Tuple(expression.items.map((item) => this.evaluate(item, scope)));
      case "dict":
        return new Dict(
          expression.items.map(([key, value]) => [this.evaluate(key, scope), this.evaluate(value, scope)]),
        );
      case "attribute":
        return getAttribute(this.evaluate(expression.object, scope), expression.name);
      case "item":
        return this.#item(expression, scope);
      case "slice":
        throw runtimeError("a slice stands where there is no list");
      case "call": {
        const callee = this.evaluate(expression.callee, scope);
        return this.call(callee, this.arguments(expression.args, scope));
      }
      case "filter": {
        if (expression.value === undefined) throw runtimeError("a filter has nothing to be applied to");
        return this.filter(expression.name, this.#applied(expression.value, expression.args, scope));
      }
      case "test":
        return this.test(expression.name, this.#applied(expression.value, expression.args, scope));
      case "not":
        return !isTrue(this.evaluate(expression.value, scope));
      case "negative":
        return negative(this.evaluate(expression.value, scope));
      case "positive":
        return positive(this.evaluate(expression.value, scope));
      case "and": {
        const left = this.evaluate(expression.left, scope);
        return isTrue(left) ? this.evaluate(expression.right, scope) : left;
      }
      case "or": {
        const left = this.evaluate(expression.left, scope);
        return isTrue(left) ? left : this.evaluate(expression.right, scope);
      }
      case "binary": {
        const left = this.evaluate(expression.left, scope);
        return binary(expression.operator, [left, this.evaluate(expression.right, scope)], this.budget);
      }
      case "concat": {
        const texts = expression.parts.map((part) => textOf(this.evaluate(part, scope), this.budget));
        this.budget.chargeText(texts.reduce((sum, text) => sum + text.length, 0));
        return texts.join("");
      }
      case "compare":
        return this.#compare(expression, scope);
      case "conditional":
        if (isTrue(this.evaluate(expression.test, scope))) return this.evaluate(expression.value, scope);
        if (expression.otherwise !== undefined) return this.evaluate(expression.otherwise, scope);
        return new Undefined("the inline if-expression evaluated to false and no else section was defined");
    }
  }

  /** A call's arguments, evaluated. */
  arguments({ positional, named, spread, spreadNamed }: Arguments, scope: Scope): Call {
    const args = positional.map((value) => this.evaluate(value, scope));
    const byName = new Map(named.map(({ name, value }) => [name, this.evaluate(value, scope)]));
    if (spread !== undefined) args.push(...listOf(this.evaluate(spread, scope), this.budget));
    if (spreadNamed !== undefined) {
      const dict = this.evaluate(spreadNamed, scope);
      if (!(dict instanceof Dict)) throw runtimeError(`argument after ** must be a mapping, not ${typeName(dict)}`);
      for (const [key, value] of dict.entries()) byName.set(expectText(key), value);
    }
    return { args, named: byName };
  }

  #applied(value: Expression, args: Arguments, scope: Scope): Call {
    const first = this.evaluate(value, scope);
    const call = this.arguments(args, scope);
    return { ...call, args: [first, ...call.args] };
  }

  #item({ object, key }: Extract<Expression, { kind: "item" }>, scope: Scope): Value {
    const value = this.evaluate(object, scope);
    if (key.kind !== "slice") return getItem(value, this.evaluate(key, scope));
    const bounds = [key.start, key.stop, key.step].map((bound) => {
      const at = bound === undefined ? null : this.evaluate(bound, scope);
      return at === null ? undefined : expectInteger(at);
    });
    return getSlice(value, bounds);
  }

  #compare({ first, rest }: Extract<Expression, { kind: "compare" }>, scope: Scope): boolean {
    let left = this.evaluate(first, scope);
    for (const { operator, right } of rest) {
      const value = this.evaluate(right, scope);
      if (!this.#holds(operator, left, value)) return false;
      left = value;
    }
    return true;
  }

  #holds(operator: CompareOperator, left: Value, right: Value): boolean {
    const { budget } = this;
    switch (operator) {
      case "==":
        return isEqual(left, right, budget);
      case "!=":
        return !isEqual(left, right, budget);
      case "in":
        return contains(right, left, budget);
      case "not in":
        return !contains(right, left, budget);
      case "<":
        return compare(left, right, { operator, budget }) < 0;
      case "<=":
        return compare(left, right, { operator, budget }) <= 0;
      case ">":
        return compare(left, right, { operator, budget }) > 0;
      case ">=":
        return compare(left, right, { operator, budget }) >= 0;
    }
  }
}
