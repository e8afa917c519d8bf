import type { Expander } from "../compile/compiler.ts";
import { type Decimal, decimalOf, isMultiple, isNumber } from "../document/decimal.ts";
import { countKeyword, keyword, listKeyword, mapKeyword, namesKeyword, numberKeyword } from "../document/keywords.ts";
import { isInRange, numberBounds } from "../document/number-bounds.ts";
import { isKeywords, type OppositeMember, type SchemaNode } from "../document/schema-document.ts";
import { matchesPattern } from "./pattern-language.ts";
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
    return accepted(expander.document.child(node, ...path), value);
  }

  function accepted(node: SchemaNode, value: unknown): boolean {
    return expander.expand([node]).some((facts) => accepts(facts, value));
  }

  function satisfies(fact: SchemaNode, value: unknown): boolean {
    const types = typesOf(fact);
    if (types && !hasType(types, value)) return false;
    const json = canonicalJson(value);
    const same = (other: unknown): boolean => canonicalJson(other) === json;
    if (listedValues(fact)?.has(json) === false) return false;
    if (keyword(fact, "const") !== undefined && !same(keyword(fact, "const"))) return false;
    if (fact.opposite.values?.some(same)) return false;
    if (typeof value === "string") return satisfiesString(expander, fact, value);
    if (isNumber(value)) return satisfiesNumber(fact, decimalOf(value));
    if (Array.isArray(value)) return satisfiesArray(fact, value);
    return isKeywords(value) ? satisfiesObject(fact, value) : true;
  }

  function satisfiesObject(fact: SchemaNode, value: Readonly<Record<string, unknown>>): boolean {
    const properties = mapKeyword(fact, "properties") ?? {};
    const { member: opposite } = fact.opposite;
    if (opposite && !Object.entries(value).some((each) => isMember(fact, opposite, each))) return false;
    const patterns = Object.keys(mapKeyword(fact, "patternProperties") ?? {});
    return (
      isWithin(fact, "Properties", Object.keys(value).length) &&
      (namesKeyword(fact, "required") ?? []).every((name) => Object.hasOwn(value, name)) &&
      Object.entries(value).every(([name, member]) => {
        if (keyword(fact, "propertyNames") !== undefined && !acceptsAt(name, fact, "propertyNames")) return false;
        const matching = patterns.filter((pattern) => matchesPattern(expander, fact, { pattern, text: name }));
        if (!matching.every((pattern) => acceptsAt(member, fact, "patternProperties", pattern))) return false;
        if (Object.hasOwn(properties, name)) return acceptsAt(member, fact, "properties", name);
        if (matching.length > 0 || keyword(fact, "additionalProperties") === undefined) return true;
        return acceptsAt(member, fact, "additionalProperties");
      })
    );
  }

  function isMember(fact: SchemaNode, opposite: OppositeMember, [name, member]: readonly [string, unknown]): boolean {
    const { names, patterns } = opposite.except;
    if (names.includes(name) || patterns.some((pattern) => matchesPattern(expander, fact, { pattern, text: name })))
      return false;
    return (!opposite.name || accepted(opposite.name, name)) && (!opposite.value || accepted(opposite.value, member));
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

function satisfiesString(expander: Expander, fact: SchemaNode, text: string): boolean {
  const pattern = keyword(fact, "pattern");
  if (typeof pattern === "string" && !matchesPattern(expander, fact, { pattern, text })) return false;
  const { pattern: opposite } = fact.opposite;
  // What cannot be told counts as matching, which here would be the other way round.
  if (opposite !== undefined && matchesPattern(expander, fact, { pattern: opposite, text, unknown: false }))
    return false;
  return isWithin(fact, "Length", [...text].length);
}

function satisfiesNumber(fact: SchemaNode, value: Decimal): boolean {
  const multiple = numberKeyword(fact, "multipleOf");
  const { multipleOf: opposite } = fact.opposite;
  return (
    isInRange(numberBounds([fact]), value) &&
    (multiple === undefined || multiple.digits <= 0n || isMultiple(value, multiple)) &&
    (opposite === undefined || !isMultiple(value, decimalOf(opposite)))
  );
}

function isWithin(fact: SchemaNode, what: string, count: number, least = 0): boolean {
  return (
    count >= (countKeyword(fact, `min${what}`) ?? least) && count <= (countKeyword(fact, `max${what}`) ?? Infinity)
  );
}
