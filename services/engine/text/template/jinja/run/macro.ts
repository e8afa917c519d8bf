import { runtimeError } from "../jinja-error.ts";
import type { Expression, MacroBody } from "../syntax/nodes.ts";
import { Dict } from "../values/dict.ts";
import { Callable, orUndefined, Tuple, type Call, type Value } from "../values/value.ts";
import { Scope } from "./scope.ts";

/** What a macro needs of the interpreter that it runs in. */
export interface MacroHost {
  evaluate(expression: Expression, scope: Scope): Value;
  /** Runs a body, and gives what it writes. */
  capture(body: MacroBody["body"], scope: Scope): string;
}

/** A macro, or the caller of a call block; `defined` is the scope in which it stands. */
export class Macro extends Callable {
  readonly #body: MacroBody;

  constructor(name: string, body: MacroBody, { defined, host }: { readonly defined: Scope; readonly host: MacroHost }) {
    super(
      name,
      (call, { budget }) =>
        budget.nested(() => host.capture(body.body, bindMacro({ name, body, defined, host }, call))),
      "Macro",
    );
    this.#body = body;
  }

  override attribute(name: string): Value | undefined {
    switch (name) {
      case "name":
        return this.name;
      case "arguments":
        return new Tuple(this.#body.parameters.map((parameter) => parameter.name));
      case "caller":
        return this.#body.uses.has("caller");
      case "catch_kwargs":
        return this.#body.uses.has("kwargs");
      case "catch_varargs":
        return this.#body.uses.has("varargs");
      default:
        return undefined;
    }
  }
}

interface MacroDefinition {
  readonly name: string;
  readonly body: MacroBody;
  readonly defined: Scope;
  readonly host: MacroHost;
}

/** The scope of a macro's call, with its arguments in it. */
function bindMacro({ name, body, defined, host }: MacroDefinition, { args, named }: Call): Scope {
  const { parameters, uses } = body;
  const scope = new Scope(defined);
  const rest = new Map(named);
  for (const [i, { name: parameter, fallback }] of parameters.entries()) {
    let value = args[i];
    if (value === undefined) {
      value = rest.get(parameter);
      rest.delete(parameter);
    }
    if (value === undefined && fallback !== undefined) value = host.evaluate(fallback, scope);
    scope.set(parameter, orUndefined(value, `parameter '${parameter}' was not provided`));
  }
  const isParameter = parameters.some((parameter) => parameter.name === "caller");
  if (uses.has("caller") && !isParameter) {
    scope.set("caller", orUndefined(rest.get("caller"), "No caller defined"));
    rest.delete("caller");
  }
  if (uses.has("kwargs")) scope.set("kwargs", new Dict(rest));
  else if (rest.size > 0) {
    throw runtimeError(`macro '${name}' takes no keyword argument '${[...rest.keys()][0] ?? ""}'`);
  }
  if (uses.has("varargs")) scope.set("varargs", new Tuple(args.slice(parameters.length)));
  else if (args.length > parameters.length) {
    throw runtimeError(`macro '${name}' takes not more than ${parameters.length} argument(s)`);
  }
  return scope;
}
