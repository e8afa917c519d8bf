import type { Expander } from "../compile/compiler.ts";
import { type Decimal, decimalOf, isMultiple, isNumber } from "../document/decimal.ts";
import { countKeyword, keyword, listKeyword, mapKeyword, namesKeyword, numberKeyword } from "../document/keywords.ts";
import { isInRange, numberBounds } from "../document/number-bounds.ts";
import { isKeywords, type SchemaNode } from "../document/schema-document.ts";
import { matchesPattern } from "../compile/string-rule.ts";
import { canonicalJson, type Facts, hasType, typesOf } from "../document/value-space.ts";

/**
 * Whether values that are written in a schema (`enum`, `const`) satisfy what else it says, so that those that do not
 * are not offered. `format` is not asked: who writes a value out means it.
 */
export function createAcceptor(expander: Expander): (facts: Facts, value: unknown) => boolean {
  const enums = new Map<SchemaNode, ReadonlySet<string>>();
  return accepts;

  function listedValues(fact: SchemaNode): ReadonlySet<string> | undefined {
    const list = listKeyword(fact, "enum");
    if (!list) return undefined;
    let known = enums.get(fact);
    if (!known) enums.set(fact, (known = new Set(list.map(canonicalJson))));
    return known;
  }

  function accepts(facts: Facts, value: unknown): boolean {
    return facts.every((fact) => satisfies(fact, value));
  }

  function acceptsAt(value: unknown, node: SchemaNode, ...path: (string | number)[]): boolean {
    return expander.expand([expander.document.child(node, ...path)]).some((facts) => accepts(facts, value));
  }

  function satisfies(fact: SchemaNode, value: unknown): boolean {
    const types = typesOf(fact);
    if (types && !hasType(types, value)) return false;
    const json = canonicalJson(value);
    const same = (other: unknown): boolean => canonicalJson(other) === json;
    if (listedValues(fact)?.has(json) === false) return false;
    if (keyword(fact, "const") !== undefined && !same(keyword(fact, "const"))) return false;
    if (fact.excluded?.some(same)) return false;
    if (typeof value === "string") return satisfiesString(fact, value);
    if (isNumber(value)) return satisfiesNumber(fact, decimalOf(value));
    if (Array.isArray(value)) return satisfiesArray(fact, value);
    return isKeywords(value) ? satisfiesObject(fact, value) : true;
  }

  function satisfiesObject(fact: SchemaNode, value: Readonly<Record<string, unknown>>): boolean {
    const properties = mapKeyword(fact, "properties") ?? {};
    const patterns = Object.keys(mapKeyword(fact, "patternProperties") ?? {});
    return (
      isWithin(fact, "Properties", Object.keys(value).length) &&
      (namesKeyword(fact, "required") ?? []).every((name) => Object.hasOwn(value, name)) &&
      Object.entries(value).every(([name, member]) => {
        if (keyword(fact, "propertyNames") !== undefined && !acceptsAt(name, fact, "propertyNames")) return false;
        const matching = patterns.filter((pattern) => matchesPattern(fact, pattern, name));
        if (!matching.every((pattern) => acceptsAt(member, fact, "patternProperties", pattern))) return false;
        if (Object.hasOwn(properties, name)) return acceptsAt(member, fact, "properties", name);
        if (matching.length > 0 || keyword(fact, "additionalProperties") === undefined) return true;
        return acceptsAt(member, fact, "additionalProperties");
      })
    );
  }

  function satisfiesArray(fact: SchemaNode, value: readonly unknown[]): boolean {
    const isOldTuple = Array.isArray(keyword(fact, "items"));
    const prefixName = isOldTuple ? "items" : "prefixItems";
    const prefix = listKeyword(fact, prefixName)?.length ?? 0;
    const restName = isOldTuple ? "additionalItems" : "items";
    const isUnique = keyword(fact, "uniqueItems") !== true || new Set(value.map(canonicalJson)).size === value.length;
    const containing = (): number => value.filter((item) => acceptsAt(item, fact, "contains")).length;
    return (
      isUnique &&
      isWithin(fact, "Items", value.length) &&
      (keyword(fact, "contains") === undefined || isWithin(fact, "Contains", containing(), 1)) &&
      value.every((item, i) => {
        if (i < prefix) return acceptsAt(item, fact, prefixName, i);
        return keyword(fact, restName) === undefined || acceptsAt(item, fact, restName);
      })
    );
  }
}

function satisfiesString(fact: SchemaNode, value: string): boolean {
  const pattern = keyword(fact, "pattern");
  if (typeof pattern === "string" && !matchesPattern(fact, pattern, value)) return false;
  return isWithin(fact, "Length", [...value].length);
}

function satisfiesNumber(fact: SchemaNode, value: Decimal): boolean {
  const multiple = numberKeyword(fact, "multipleOf");
  return isInRange(numberBounds([fact]), value) && (multiple === undefined || isMultiple(value, multiple));
}

function isWithin(fact: SchemaNode, what: string, count: number, least = 0): boolean {
  return (
    count >= (countKeyword(fact, `min${what}`) ?? least) && count <= (countKeyword(fact, `max${what}`) ?? Infinity)
  );
}
