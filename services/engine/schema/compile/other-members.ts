import type { OppositeMember, SchemaNode } from "../document/schema-document.ts";
import { valueSpaceOf } from "../document/value-space.ts";
import { valuesTerm } from "../gbnf/values-term.ts";
import type { Compiler } from "./compiler.ts";
import type { Names } from "./member-names.ts";
import { stringTerm } from "./string-rule.ts";

/** Of so many patterns each combination is looked at; of more only names that match one of them. */
const maxCombined = 4;

/**
 * A term for a member whose name the schema does not list: one way for each set of `patternProperties` that its name may
 * match. With `sought` only those that satisfy it. undefined when there is none.
 */
export function otherMembers(compiler: Compiler, names: Names, sought?: OppositeMember): string | undefined {
  if (!names.areOpen) return undefined;
  const { object } = names;
  const ways = combinations(object.patterns).flatMap((matched) => {
    const nodes = object.other(matched);
    const key = nodes && keyTerm(compiler, names, { matched, sought });
    const value = key && compiler.compile([...nodes, ...(sought?.value ? [sought.value] : [])]);
    return value === undefined || value === "" ? [] : [`${key} ":" " "? ${value}`];
  });
  return ways.length === 0 ? undefined : compiler.rules.intern(compiler.hint(names.owner, "member"), ways.join(" | "));
}

function combinations(patterns: readonly string[]): readonly (readonly string[])[] {
  if (patterns.length > maxCombined) return [[], ...patterns.map((pattern) => [pattern])];
  return patterns.reduce<readonly (readonly string[])[]>(
    (all, pattern) => [...all, ...all.map((each) => [...each, pattern])],
    [[]],
  );
}

interface KeyOptions {
  readonly matched: readonly string[];
  readonly sought: OppositeMember | undefined;
}

/** A term for names that match these patterns and no others, quotes included. */
function keyTerm(compiler: Compiler, names: Names, { matched, sought }: KeyOptions): string | undefined {
  const { owner, object } = names;
  const { document } = compiler;
  const like = (pattern: string): SchemaNode =>
    document.imply(owner, `name like ${pattern}`, { keywords: { pattern } });
  const unlike = (pattern: string): SchemaNode =>
    document.imply(owner, `name unlike ${pattern}`, { opposite: { pattern } });
  const others = object.patterns.filter((pattern) => !matched.includes(pattern));
  const nodes = [
    ...names.nodes,
    ...matched.map(like),
    ...others.map(unlike),
    ...(sought ? sought.except.patterns.map(unlike) : []),
    ...(sought?.name ? [sought.name] : []),
  ];
  const except = [...names.all, ...(sought?.except.names ?? [])];
  const terms = new Set<string>();
  for (const facts of compiler.expander.expand(nodes)) {
    const { types, values } = valueSpaceOf(facts);
    if (!types.has("string")) continue;
    const listed = values?.filter((value) => typeof value === "string" && !except.includes(value));
    const allowed = listed?.filter((value) => compiler.accepts(facts, value)).map((value) => JSON.stringify(value));
    const hint = compiler.hint(owner, "name");
    const term = allowed
      ? allowed.length > 0 && valuesTerm(compiler.rules, allowed, hint)
      : stringTerm(compiler, facts, { except, at: { node: owner, name: "additionalProperties" } });
    if (term) terms.add(term);
  }
  if (terms.size <= 1) return [...terms][0];
  return `( ${[...terms].join(" | ")} )`;
}
