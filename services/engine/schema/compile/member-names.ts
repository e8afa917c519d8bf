import { keyword } from "../document/keywords.ts";
import type { SchemaNode } from "../document/schema-document.ts";
import { type Facts, valueSpaceOf } from "../document/value-space.ts";
import type { ObjectFacts } from "../expand/object-facts.ts";
import type { Compiler } from "./compiler.ts";

/** The names that an object's members may have. */
export interface Names {
  readonly object: ObjectFacts;
  readonly owner: SchemaNode;
  /** Names that are spoken of, those that `propertyNames` lists too. */
  readonly all: readonly string[];
  /** What `propertyNames` asks of all names. */
  readonly nodes: readonly SchemaNode[];
  /** Whether it asks for something. */
  readonly areRestricted: boolean;
  /** Whether there may be others than `all`. */
  readonly areOpen: boolean;
  allows(name: string): boolean;
}

export function createNames(compiler: Compiler, facts: Facts, object: ObjectFacts): Names {
  const { document, expander } = compiler;
  const nodes = facts
    .filter((fact) => keyword(fact, "propertyNames") !== undefined)
    .map((fact) => document.child(fact, "propertyNames"));
  const alternatives = expander.expand(nodes).filter((each) => valueSpaceOf(each).types.has("string"));
  const listed = alternatives.map((each) => valueSpaceOf(each).values);
  const areOpen = listed.includes(undefined);
  const more = areOpen ? [] : listed.flatMap((values) => values!.filter((value) => typeof value === "string"));
  return {
    object,
    owner: facts[0]!,
    all: [...new Set([...object.names, ...more])],
    nodes,
    areRestricted: alternatives.length !== 1 || alternatives[0]!.length > 0,
    areOpen,
    allows: (name) => nodes.length === 0 || alternatives.some((each) => compiler.accepts(each, name)),
  };
}
