import { keyword, mapKeyword, namesKeyword } from "../document/keywords.ts";
import type { SchemaDocument, SchemaNode } from "../document/schema-document.ts";
import type { Facts } from "../document/value-space.ts";

/** What facts say together about the members of an object. */
export interface ObjectFacts {
  /** Every name that is spoken of, in the order of the schemas. */
  readonly names: readonly string[];
  readonly required: ReadonlySet<string>;
  /** What members with other names must satisfy; undefined: there are none. */
  readonly additional: readonly SchemaNode[] | undefined;
  /** The schemas that a member of this name must satisfy. */
  member(name: string): readonly SchemaNode[];
}

/**
 * An object whose schema has `properties` and no `additionalProperties` is closed, although JSON Schema leaves it open:
 * whoever lists the properties wants those, and a model would fill an open object with anything. A name that is
 * `required` without being listed is a member of any kind. `additionalProperties`, when given, is kept as it is.
 */
export function objectFacts(document: SchemaDocument, facts: Facts): ObjectFacts {
  const required = new Set(facts.flatMap((fact) => namesKeyword(fact, "required") ?? []));
  const listed = facts.flatMap((fact) => Object.keys(mapKeyword(fact, "properties") ?? {}));
  const additional = facts.filter((fact) => keyword(fact, "additionalProperties") !== undefined);
  const closed =
    additional.some((fact) => keyword(fact, "additionalProperties") === false) ||
    (additional.length === 0 && facts.some((fact) => !fact.implied && keyword(fact, "properties") !== undefined));
  return {
    names: [...new Set([...listed, ...required])],
    required,
    additional: closed ? undefined : additional.map((fact) => document.child(fact, "additionalProperties")),
    member: (name) =>
      facts.flatMap((fact) => {
        if (Object.hasOwn(mapKeyword(fact, "properties") ?? {}, name))
          return [document.child(fact, "properties", name)];
        return keyword(fact, "additionalProperties") === undefined
          ? []
          : [document.child(fact, "additionalProperties")];
      }),
  };
}
