import type { RuleSet } from "../gbnf/rule-set.ts";
import type { SchemaDocument, SchemaNode } from "../document/schema-document.ts";
import type { OnUnenforced } from "../document/refusal.ts";
import type { Facts } from "../document/value-space.ts";
import type { Work } from "./work.ts";

/** Turns schemas that must all hold into alternatives, each a list of facts: `$ref`, `allOf` … are resolved. */
export interface Expander {
  readonly document: SchemaDocument;
  readonly work: Work;
  readonly onUnenforced: OnUnenforced;
  /** No alternative: nothing satisfies the schemas. An alternative without facts: everything does. */
  expand(nodes: readonly SchemaNode[]): readonly Facts[];
}

/** What the rules of one type of value need to make rules for what is inside of it. */
export interface Compiler {
  readonly rules: RuleSet;
  readonly document: SchemaDocument;
  readonly expander: Expander;
  /**
   * A term for the values that satisfy all of the schemas; undefined: there are none. `isNeeded`: the value around
   * cannot do without one.
   */
  compile(nodes: readonly SchemaNode[], options?: { readonly isNeeded: boolean }): string | undefined;
  /** The term of this key, made when it is first asked for. */
  remember(key: string, make: () => string | undefined): string | undefined;
  /** Whether a value that is written in the schema satisfies all facts. */
  accepts(facts: Facts, value: unknown): boolean;
  /** A rule name for something at the node. */
  hint(node: SchemaNode | undefined, part?: string): string;
}
