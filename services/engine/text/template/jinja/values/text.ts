import type { Budget } from "../budget.ts";
import { Dict, DictView } from "./dict.ts";
import { floatText, integerText } from "./format/number-text.ts";
import { JinjaObject, Markup, Tuple, Undefined, type Value } from "./value.ts";

/** What `{{ value }}` writes: Python's str. */
export function textOf(value: Value, budget: Budget): string {
  if (typeof value === "string") return value;
  if (value instanceof Markup) return value.text;
  return value instanceof Undefined ? "" : reprOf(value, budget);
}

/** Python's repr. */
export function reprOf(value: Value, budget: Budget): string {
  budget.charge(1);
  switch (typeof value) {
    case "string":
      budget.chargeText(value.length);
      return quote(value);
    case "boolean":
      return value ? "True" : "False";
    case "bigint":
      return integerText(value);
    case "number":
      return floatText(value);
    default:
  }
  if (value === null) return "None";
  return budget.nested(() => objectRepr(value, budget));
}

function objectRepr(value: readonly Value[] | JinjaObject, budget: Budget): string {
  if (value instanceof Markup) return `Markup(${quote(value.text)})`;
  if (value instanceof Tuple) {
    return value.items.length === 1 ? `(${list(value.items, budget)},)` : `(${list(value.items, budget)})`;
  }
  if (value instanceof Dict) {
    const pairs = [...value.entries()].map(([key, item]) => `${reprOf(key, budget)}: ${reprOf(item, budget)}`);
    return checked(`{${pairs.join(", ")}}`, budget);
  }
  if (value instanceof DictView) return `${value.typeName}([${list([...value.items()], budget)}])`;
  return value instanceof JinjaObject ? value.repr() : `[${list(value, budget)}]`;
}

function list(items: readonly Value[], budget: Budget): string {
  return checked(items.map((item) => reprOf(item, budget)).join(", "), budget);
}

function checked(text: string, budget: Budget): string {
  budget.chargeText(text.length);
  return text;
}

const escapes: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };

function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const inside = text.replaceAll(/[\\'\p{C}\p{Z}]/gu, (char) => {
    if (char === " " || (char === "'" && mark === '"')) return char;
    if (char === "'") return "\\'";
    return escapes[char] ?? codeEscape(char.codePointAt(0) ?? 0);
  });
  return mark + inside + mark;
}

function codeEscape(code: number): string {
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, "0")}` : `\\U${code.toString(16).padStart(8, "0")}`;
}
