import type { Expander } from "../compile/compiler.ts";
import { keyword, mapKeyword, namesKeyword } from "../document/keywords.ts";
import { matchesPattern } from "./pattern-language.ts";
import type { SchemaNode } from "../document/schema-document.ts";
import type { Facts } from "../document/value-space.ts";

/** What facts say together about the members of an object. */
export interface ObjectFacts {
  /** Every name that is spoken of, in the order of the schemas. */
  readonly names: readonly string[];
  readonly required: ReadonlySet<string>;
  /** The patterns of `patternProperties`, each once. */
  readonly patterns: readonly string[];
  /** The schemas that a member of this name must satisfy. */
  member(name: string): readonly SchemaNode[];
  /** The same for a name that is not spoken of and matches just these patterns; undefined: there is no such member. */
  other(matched: readonly string[]): readonly SchemaNode[] | undefined;
}

/**
 * An object whose schema has `properties` or `patternProperties` and no `additionalProperties` is closed, although JSON
 * Schema leaves it open: whoever lists the members wants those, and a model would fill an open object with anything. A
 * name that is `required` without being listed is a member of any kind. `additionalProperties`, when given, is kept as
 * it is.
 */
export function objectFacts(expander: Expander, facts: Facts): ObjectFacts {
  const { document } = expander;
  const required = new Set(facts.flatMap((fact) => namesKeyword(fact, "required") ?? []));
  // Who compares alternatives asks for few of these, and for many alternatives.
  let patterns: readonly string[] | undefined;
  const isClosed = (): boolean =>
    facts.every((fact) => keyword(fact, "additionalProperties") === undefined) && facts.some(listsMembers);
  return {
    get names() {
      const listed = facts.flatMap((fact) => Object.keys(mapKeyword(fact, "properties") ?? {}));
      return [...new Set([...listed, ...required])];
    },
    required,
    get patterns() {
      return (patterns ??= [...new Set(facts.flatMap(patternsOf))]);
    },
    member: (name) =>
      facts.flatMap((fact) => {
        const own = Object.hasOwn(mapKeyword(fact, "properties") ?? {}, name);
        const matched = patternsOf(fact).filter((pattern) => matchesPattern(expander, fact, { pattern, text: name }));
        return [
          ...(own ? [document.child(fact, "properties", name)] : []),
          ...(own || matched.length > 0 ? like(fact, matched) : rest(fact)),
        ];
      }),
    other(matched) {
      if (matched.length === 0 && isClosed()) return undefined;
      const found: SchemaNode[] = [];
      for (const fact of facts) {
        const own = patternsOf(fact).filter((pattern) => matched.includes(pattern));
        if (own.length === 0 && keyword(fact, "additionalProperties") === false) return undefined;
        found.push(...(own.length > 0 ? like(fact, own) : rest(fact)));
      }
      return found;
    },
  };

  function like(fact: SchemaNode, matched: readonly string[]): SchemaNode[] {
    return matched.map((pattern) => document.child(fact, "patternProperties", pattern));
  }

  function rest(fact: SchemaNode): SchemaNode[] {
    return keyword(fact, "additionalProperties") === undefined ? [] : [document.child(fact, "additionalProperties")];
  }
}

function patternsOf(fact: SchemaNode): readonly string[] {
  const patterns = mapKeyword(fact, "patternProperties");
  return patterns === undefined ? none : Object.keys(patterns);
}

const none: readonly string[] = [];

function listsMembers(fact: SchemaNode): boolean {
  return !fact.implied && (keyword(fact, "properties") !== undefined || patternsOf(fact).length > 0);
}
