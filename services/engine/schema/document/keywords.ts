import { type Decimal, decimalOf, decimalText, isNumber, isWhole } from "./decimal.ts";
import { pointerTo, SchemaRefusal, shown } from "./refusal.ts";
import { isKeywords, type SchemaNode } from "./schema-document.ts";

/*
 * Typed reads of a schema's keywords. Each gives undefined for a keyword that is absent, and refuses a value of the
 * wrong kind.
 */

export function keyword(node: SchemaNode, name: string): unknown {
  return Object.hasOwn(node.keywords, name) ? node.keywords[name] : undefined;
}

export function refuseKeyword(node: SchemaNode, name: string, message: string): never {
  throw new SchemaRefusal(pointerTo(node.pointer, name), message);
}

export function countKeyword(node: SchemaNode, name: string): number | undefined {
  const value = keyword(node, name);
  if (value === undefined) return undefined;
  const decimal = isNumber(value) ? decimalOf(value) : undefined;
  if (!decimal || decimal.digits < 0n || !isWhole(decimal))
    return refuseKeyword(node, name, `must be a whole number of at least 0, and is ${shown(value)}`);
  // Nobody counts as far as a double cannot.
  const count = Number(decimalText(decimal));
  return Number.isSafeInteger(count) ? count : Infinity;
}

export function numberKeyword(node: SchemaNode, name: string): Decimal | undefined {
  const value = keyword(node, name);
  if (value === undefined) return undefined;
  if (isNumber(value)) return decimalOf(value);
  return refuseKeyword(node, name, `must be a number, and is ${shown(value)}`);
}

export function textKeyword(node: SchemaNode, name: string): string | undefined {
  const value = keyword(node, name);
  if (value === undefined || typeof value === "string") return value;
  return refuseKeyword(node, name, `must be a string, and is ${shown(value)}`);
}

export function listKeyword(node: SchemaNode, name: string): readonly unknown[] | undefined {
  const value = keyword(node, name);
  if (value === undefined || Array.isArray(value)) return value;
  return refuseKeyword(node, name, `must be a list, and is ${shown(value)}`);
}

/** `true`, `required` of draft 3 and the like are not lists of names. */
export function namesKeyword(node: SchemaNode, name: string): readonly string[] | undefined {
  const list = listKeyword(node, name);
  if (list === undefined || list.every((each) => typeof each === "string")) return list;
  return refuseKeyword(node, name, `must be a list of names, and is ${shown(list)}`);
}

export function mapKeyword(node: SchemaNode, name: string): Readonly<Record<string, unknown>> | undefined {
  const value = keyword(node, name);
  if (value === undefined || isKeywords(value)) return value;
  return refuseKeyword(node, name, `must be an object, and is ${shown(value)}`);
}
