import { bindArguments } from "../run/bind-arguments.ts";
import { textOf } from "../values/text.ts";
import { Markup, type Call, type Runtime, type Value } from "../values/value.ts";

/** A filter: the value that it is applied to, its arguments, and the rendering. */
export type Filter = (value: Value, call: Call, runtime: Runtime) => Value;

/** A filter with named parameters, which are given in their order (bind-arguments.ts). */
export function filter(
  parameters: readonly string[],
  apply: (value: Value, args: readonly (Value | undefined)[], runtime: Runtime) => Value,
): Filter {
  return (value, call, runtime) => apply(value, bindArguments("filter", call, parameters), runtime);
}

/** A filter of texts: other values are taken as their text, what is marked as HTML stays so. */
export function textFilter(
  parameters: readonly string[],
  apply: (text: string, args: readonly (Value | undefined)[], runtime: Runtime) => string,
): Filter {
  return filter(parameters, (value, args, runtime) => {
    const text = textOf(value, runtime.budget);
    runtime.budget.chargeText(text.length);
    const result = apply(text, args, runtime);
    runtime.budget.chargeText(result.length);
    return value instanceof Markup ? new Markup(result) : result;
  });
}
