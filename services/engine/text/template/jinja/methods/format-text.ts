import { runtimeError } from "../jinja-error.ts";
import { formatSpec } from "../values/format/format-spec.ts";
import { reprOf, textOf } from "../values/text.ts";
import { Undefined, type Call, type Runtime, type Value } from "../values/value.ts";

/** Python's `text.format(…)`, with members and items in fields as Jinja's sandbox allows them. */
export function formatText(text: string, call: Call, runtime: Runtime): string {
  let automatic = 0;
  return format(text, 2);

  function format(pattern: string, depth: number): string {
    if (depth < 0) throw runtimeError("Max string recursion exceeded");
    let out = "";
    for (let at = 0; at < pattern.length;) {
      const char = pattern.charAt(at);
      if ((char === "{" || char === "}") && pattern[at + 1] === char) {
        out += char;
        at += 2;
      } else if (char === "}") {
        throw runtimeError("Single '}' encountered in format string");
      } else if (char === "{") {
        const end = fieldEnd(pattern, at);
        out += field(pattern.slice(at + 1, end), depth);
        at = end + 1;
      } else {
        out += char;
        at++;
      }
    }
    runtime.budget.chargeText(out.length);
    return out;
  }

  function field(inside: string, depth: number): string {
    const [, name = "", conversion, spec = ""] = /^((?:[^!:[]|\[[^\]]*\])*)(?:!(.))?(?::(.*))?$/s.exec(inside) ?? [];
    const value = convert(lookUp(name), conversion);
    return formatSpec(value, spec.includes("{") ? format(spec, depth - 1) : spec, runtime.budget);
  }

  function convert(value: Value, conversion: string | undefined): Value {
    if (conversion === undefined) return value;
    if (conversion === "s") return textOf(value, runtime.budget);
    if (conversion === "r" || conversion === "a") return reprOf(value, runtime.budget);
    throw runtimeError(`Unknown conversion specifier ${conversion}`);
  }

  function lookUp(name: string): Value {
    const [, first = "", rest = ""] = /^([^.[]*)(.*)$/s.exec(name) ?? [];
    let value = argument(first);
    for (const [, attribute, key = ""] of rest.matchAll(/\.([^.[]+)|\[([^\]]*)\]/g)) {
      value =
        attribute === undefined
          ? runtime.item(value, /^\d+$/.test(key) ? BigInt(key) : key)
          : runtime.attribute(value, attribute);
      if (value instanceof Undefined) throw runtimeError(value.hint);
    }
    return value;
  }

  function argument(name: string): Value {
    const place = name === "" ? automatic++ : /^\d+$/.test(name) ? Number(name) : undefined;
    const value = place === undefined ? call.named.get(name) : call.args[place];
    if (value !== undefined) return value;
    throw runtimeError(
      place === undefined ? `KeyError: '${name}'` : `Replacement index ${place} out of range for positional args tuple`,
    );
  }
}

/** Where the field ends that begins at `start`; fields within its format are passed over. */
function fieldEnd(pattern: string, start: number): number {
  let depth = 0;
  for (let at = start; at < pattern.length; at++) {
    if (pattern[at] === "{") depth++;
    if (pattern[at] === "}" && --depth === 0) return at;
  }
  throw runtimeError("expected '}' before end of string");
}
