import { runtimeError } from "../jinja-error.ts";
import type { Call, Value } from "../values/value.ts";

/**
 * Gives a call's arguments in the order of a function's parameters; undefined where the call has none. A name with "?" is
 * that of a parameter that may be left out, one behind "*" can only be given by name. Throws as Python.
 */
export function bindArguments(
  functionName: string,
  { args, named }: Call,
  parameters: readonly string[],
): readonly (Value | undefined)[] {
  const byPlace = parameters.filter((parameter) => !parameter.startsWith("*"));
  if (args.length > byPlace.length) {
    throw runtimeError(`${functionName}() takes at most ${byPlace.length} arguments (${args.length} given)`);
  }
  const names = parameters.map((parameter) => parameter.replaceAll(/[*?]/g, ""));
  for (const name of named.keys()) {
    const at = names.indexOf(name);
    if (at === -1) throw runtimeError(`${functionName}() got an unexpected keyword argument '${name}'`);
    if (at < args.length) throw runtimeError(`${functionName}() got multiple values for argument '${name}'`);
  }
  return parameters.map((parameter, at) => {
    const name = names[at] ?? "";
    const value = at < args.length ? args[at] : named.get(name);
    if (value === undefined && !parameter.endsWith("?")) {
      throw runtimeError(`${functionName}() missing 1 required positional argument: '${name}'`);
    }
    return value;
  });
}
