import type { Budget } from "../../budget.ts";
import { runtimeError } from "../../jinja-error.ts";
import { Dict } from "../dict.ts";
import { typeName } from "../facts.ts";
import { floatText, integerText } from "../format/number-text.ts";
import { listOf } from "../iterate.ts";
import { Iteration, Markup, Tuple, type Value } from "../value.ts";

/** The options of Python's json.dumps that `tojson` takes. */
export interface DumpOptions {
  readonly ensureAscii: boolean;
  /** The text of one level; undefined: everything stands on one line. */
  readonly indent: string | undefined;
  readonly separators: readonly [item: string, key: string];
  readonly sortKeys: boolean;
}

/** As Python's json.dumps. Throws for values that JSON does not have. */
export function dumpJson(value: Value, options: DumpOptions, budget: Budget): string {
  return dump(value, "\n");

  function dump(item: Value, newline: string): string {
    budget.charge(1);
    if (item === null) return "null";
    if (item instanceof Markup) return dumpText(item.text);
    switch (typeof item) {
      case "string":
        return dumpText(item);
      case "boolean":
        return String(item);
      case "bigint":
        return integerText(item);
      case "number":
        return jsonFloat(item);
      default:
    }
    return budget.nested(() => {
      if (item instanceof Dict) {
        const pairs = sorted([...item.entries()]).map(([key, member]) => {
          return dumpText(keyText(key)) + options.separators[1] + dump(member, newline + (options.indent ?? ""));
        });
        return wrap("{}", pairs, newline);
      }
      // Python refuses what comes item by item; templates that are written for llama.cpp rely on it.
      const items = item instanceof Tuple ? item.items : item instanceof Iteration ? listOf(item, budget) : item;
      if (!Array.isArray(items)) throw runtimeError(`Object of type ${typeName(item)} is not JSON serializable`);
      const texts = (items as Value[]).map((member) => dump(member, newline + (options.indent ?? "")));
      return wrap("[]", texts, newline);
    });
  }

  function wrap(brackets: string, parts: readonly string[], newline: string): string {
    if (parts.length === 0) return brackets;
    const [item] = options.separators;
    const inner = options.indent === undefined ? "" : newline + options.indent;
    const text = brackets.charAt(0) + inner + parts.join(item + inner) + (inner && newline) + brackets.charAt(1);
    budget.chargeText(text.length);
    return text;
  }

  function sorted(entries: (readonly [Value, Value])[]): readonly (readonly [Value, Value])[] {
    if (!options.sortKeys) return entries;
    return entries.toSorted(([left], [right]) => (keyText(left) < keyText(right) ? -1 : 1));
  }

  function dumpText(text: string): string {
    budget.chargeText(text.length);
    const json = JSON.stringify(text);
    if (!options.ensureAscii) return json;
    // One after another the halves of a pair too.
    return json.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  }
}

function jsonFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value < 0 ? "-Infinity" : "Infinity";
  return floatText(value);
}

function keyText(key: Value): string {
  if (typeof key === "string") return key;
  if (key instanceof Markup) return key.text;
  if (key === null || typeof key === "boolean") return String(key);
  if (typeof key === "bigint") return integerText(key);
  if (typeof key === "number") return jsonFloat(key);
  throw runtimeError(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
}
