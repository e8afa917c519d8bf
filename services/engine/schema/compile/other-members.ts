import { colon } from "../gbnf/json-rules.ts";
import type { OppositeMember, SchemaNode } from "../document/schema-document.ts";
import { valueSpaceOf } from "../document/value-space.ts";
import { patternLanguage } from "../expand/pattern-language.ts";
import { lengthAutomaton } from "../regex/automata.ts";
import { AutomatonTooLarge, liveStates } from "../regex/automaton.ts";
import { intersectAutomata } from "../regex/automaton-algebra.ts";
import { valuesTerm } from "../gbnf/values-term.ts";
import type { Compiler } from "./compiler.ts";
import type { Names } from "./member-names.ts";
import { stringTerm } from "./string-rule.ts";

/** Of so many patterns each combination is looked at. */
const maxCombined = 3;

/**
 * A term for a member whose name the schema does not list: one way for each set of `patternProperties` that its name may
 * match. With `sought` only those that satisfy it. undefined when there is none.
 */
export function otherMembers(compiler: Compiler, names: Names, sought?: OppositeMember): string | undefined {
  if (!names.areOpen) return undefined;
  const { object } = names;
  const ways = kindsOfNames(compiler, names).flatMap(({ holding, like, unlike }) => {
    const nodes = object.other(holding);
    const key = nodes && keyTerm(compiler, names, { like, unlike, sought });
    const value = key && compiler.compile([...nodes, ...(sought?.value ? [sought.value] : [])]);
    return value === undefined || value === "" ? [] : [`${key} ${colon(compiler.rules)} ${value}`];
  });
  return ways.length === 0 ? undefined : compiler.rules.intern(compiler.hint(names.owner, "member"), ways.join(" | "));
}

/** Names that match some patterns and not others, and the patterns whose schemas hold for their members. */
interface NameKind {
  readonly holding: readonly string[];
  readonly like: readonly string[];
  readonly unlike: readonly string[];
}

/**
 * Of few patterns all combinations. Of many one kind for each: what else its names may match holds too, which is
 * narrower than it must be where patterns overlap; and those that match none.
 */
function kindsOfNames(compiler: Compiler, { object: { patterns }, owner }: Names): readonly NameKind[] {
  if (patterns.length > maxCombined) {
    const none = patterns.map((pattern) => `(?:${pattern})`).join("|");
    return [
      { holding: [], like: [], unlike: [none] },
      ...patterns.map((pattern) => {
        const others = patterns.filter((other) => other !== pattern && mayOverlap(compiler, owner, [pattern, other]));
        return { holding: [pattern, ...others], like: [pattern], unlike: [] };
      }),
    ];
  }
  const sets = patterns.reduce<readonly (readonly string[])[]>(
    (all, pattern) => [...all, ...all.map((each) => [...each, pattern])],
    [[]],
  );
  return sets.map((set) => ({
    holding: set,
    like: set,
    unlike: patterns.filter((pattern) => !set.includes(pattern)),
  }));
}

/** Whether a name may match both; true also where that is hard to tell. */
function mayOverlap({ expander }: Compiler, owner: SchemaNode, patterns: readonly string[]): boolean {
  expander.work.spend(unitsPerComparison, owner.pointer);
  const languages = patterns.map((pattern) => patternLanguage(expander, owner, pattern));
  try {
    const both = intersectAutomata(languages.map((language) => language?.automaton() ?? anyAutomaton));
    return liveStates(both, maxCompared).has(both.start);
  } catch (error) {
    if (error instanceof AutomatonTooLarge) return true;
    throw error;
  }
}

const anyAutomaton = lengthAutomaton(0, Infinity);
const maxCompared = 300;
const unitsPerComparison = 500;

interface KeyOptions {
  readonly like: readonly string[];
  readonly unlike: readonly string[];
  readonly sought: OppositeMember | undefined;
}

/** A term for names that match these patterns and no others, quotes included. */
function keyTerm(compiler: Compiler, names: Names, options: KeyOptions): string | undefined {
  const { owner } = names;
  const { sought } = options;
  const { document } = compiler;
  const like = (pattern: string): SchemaNode =>
    document.imply(owner, `name like ${pattern}`, { keywords: { pattern } });
  const unlike = (pattern: string): SchemaNode =>
    document.imply(owner, `name unlike ${pattern}`, { opposite: { pattern } });
  const nodes = [
    ...names.nodes,
    ...options.like.map(like),
    ...options.unlike.map(unlike),
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
      : stringTerm(compiler, facts, { except, orNone: true, at: { node: owner, name: "additionalProperties" } });
    if (term) terms.add(term);
  }
  if (terms.size <= 1) return [...terms][0];
  return `( ${[...terms].join(" | ")} )`;
}
