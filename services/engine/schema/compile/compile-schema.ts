import { createAcceptor } from "../expand/accepts.ts";
import { arrayTerm } from "./array-rule.ts";
import type { Compiler } from "./compiler.ts";
import { createEndings } from "./endings.ts";
import { createExpander } from "../expand/expand.ts";
import { jsonRule } from "../gbnf/json-rules.ts";
import { numberTerm } from "./number-rule.ts";
import { objectTerm } from "./object-rule.ts";
import { type OnUnenforced, SchemaRefusal } from "../document/refusal.ts";
import { literal, neverMatches, type RuleSet } from "../gbnf/rule-set.ts";
import { parseSchemaDocument, type SchemaDocument, type SchemaNode } from "../document/schema-document.ts";
import { stringTerm } from "./string-rule.ts";
import { canonicalJson, type Facts, type JsonType, typeOfValue, valueSpaceOf } from "../document/value-space.ts";
import { valuesTerm } from "../gbnf/values-term.ts";
import { createWork, TooMuchWork } from "./work.ts";

// A chain of references can nest deeper than the schema itself does.
const maxDepth = 200;
const unitsPerPlace = 50;
/** Steps of a pointer that say nothing about what is there. */
const plainSteps = new Set(
  "$defs definitions properties items prefixItems additionalProperties anyOf oneOf allOf".split(" "),
);

export interface CompileOptions {
  /** The name of the rule for the whole value. */
  readonly name: string;
  /** The only type that is wanted. */
  readonly only?: "object";
  readonly onUnenforced: OnUnenforced;
}

/**
 * Adds rules for the values that a schema allows. Each place is compiled as the list of all schemas that hold there, and
 * places with the same list share a rule, which is also how cycles end. What a grammar cannot enforce is told to
 * `onUnenforced`; a schema that is malformed or allows nothing throws SchemaRefusal.
 */
export function compileSchema(rules: RuleSet, schema: unknown, options: CompileOptions): void {
  const document = parseSchemaDocument(schema);
  const takeBack = rules.checkpoint();
  try {
    compileDocument(rules, document, options);
  } catch (error) {
    if (!(error instanceof TooMuchWork)) throw error;
    options.onUnenforced(error.pointer, error.message);
    takeBack();
    const types = options.only ? [options.only] : [...valueSpaceOf([document.root]).types];
    rules.define(options.name, types.map((type) => jsonRule(rules, `json-${type}`)).join(" | "));
  }
}

function compileDocument(rules: RuleSet, document: SchemaDocument, options: CompileOptions): void {
  const { name: ruleName, onUnenforced } = options;
  const work = createWork();
  const expander = createExpander({ document, work, onUnenforced });
  const accepts = createAcceptor(expander);
  const compiler: Compiler = { rules, document, expander, accepts, compile, hint, remember };
  const remembered = new Map<string, string | undefined>();
  const endings = createEndings();
  /** What the value that is being compiled cannot do without. */
  let needs: string[] = [];
  const unions = new Map<string, string | undefined>();
  const terms = new Map<string, string | undefined>();
  const open = new Map<string, { name: string; isUsed: boolean }>();

  /** Where the innermost contradiction was that nothing has made up for since. */
  let blamed: string | undefined;

  const roots = [document.root];
  if (options.only !== undefined)
    roots.push(document.imply(document.root, `only ${options.only}`, { keywords: { type: options.only } }));
  const [facts, ...others] = expander.expand(roots);
  const isPlain = facts !== undefined && others.length === 0 && valueSpaceOf(facts).values === undefined;
  const term = isPlain ? factsTerm(facts, ruleName) : compile(roots);
  if (term === undefined)
    throw new SchemaRefusal(blamed ?? "", "allows no value at all: its parts contradict each other");
  if (term !== ruleName) rules.define(ruleName, term);
  const endless = endings.endless();
  if (endless !== undefined) {
    const remedy = "make a property on the way optional or nullable, or the array allowed to be empty";
    throw new SchemaRefusal(endless, `contains itself without an end: ${remedy}`);
  }

  function compile(nodes: readonly SchemaNode[], { isNeeded } = { isNeeded: false }): string | undefined {
    const alternatives = expander.expand(nodes);
    const key = unionKey(alternatives);
    if (isNeeded) needs.push(key);
    if (unions.has(key)) return unions.get(key);
    const values = new Map<string, string>();
    const found = new Set<string>();
    for (const facts of alternatives) {
      const listed = valueSpaceOf(facts).values;
      for (const value of listed ?? []) {
        const meaning = canonicalJson(value);
        // Of two spellings of one value the first is written.
        if (!values.has(meaning) && accepts(facts, value)) values.set(meaning, JSON.stringify(value));
      }
      const each = listed ? undefined : factsTerm(facts);
      if (each !== undefined) found.add(each);
    }
    const name = hint(alternatives.length === 1 ? (alternatives[0]![0] ?? nodes[0]) : nodes[0]);
    const union = unionTerm(found, [...values.values()], name);
    unions.set(key, union);
    endings.setUnion(key, { facts: alternatives.map(keyOf), hasValues: values.size > 0 });
    blamed = union === undefined ? (blamed ?? nodes[0]?.pointer) : undefined;
    return union;
  }

  function remember(key: string, make: () => string | undefined): string | undefined {
    if (!remembered.has(key)) remembered.set(key, make());
    return remembered.get(key);
  }

  function unionTerm(terms: ReadonlySet<string>, values: readonly string[], name: string): string | undefined {
    if (terms.has("json-value")) return "json-value";
    const all = [...terms, ...(values.length > 0 ? [valuesTerm(rules, values, name)] : [])];
    return all.length > 1 ? rules.intern(name, all.join(" | ")) : all[0];
  }

  /** A rule for the values that satisfy all facts, `name` if given. This is where cycles are cut. */
  function factsTerm(facts: Facts, name = ""): string | undefined {
    const key = keyOf(facts);
    const cycle = open.get(key);
    if (cycle) {
      cycle.isUsed = true;
      return cycle.name;
    }
    if (terms.has(key)) return terms.get(key);
    const place = facts[0]?.pointer ?? "";
    work.spend(unitsPerPlace, place);
    const tooMuch = tooMuchAt();
    if (tooMuch !== undefined) {
      onUnenforced(place, tooMuch);
      return anyOfTypes(facts);
    }
    const here = { name: name || rules.reserve(hint(facts[0])), isUsed: name !== "" };
    open.set(key, here);
    const body = factsBody(facts);
    open.delete(key);
    let found = body === undefined ? undefined : here.name;
    if (here.isUsed) rules.define(here.name, body ?? neverMatches);
    else if (body === undefined) rules.release(here.name);
    else found = rules.settle(here.name, body);
    terms.set(key, found);
    return found;
  }

  /** Why what is still to be compiled cannot be; undefined: it can. */
  function tooMuchAt(): string | undefined {
    if (open.size >= maxDepth) return `nests deeper than ${maxDepth} levels`;
    return work.isScarce() || rules.isFilling()
      ? "comes after what is already too large a grammar: simplify the schema"
      : undefined;
  }

  /** Just the types, without anything that needs rules of its own. */
  function anyOfTypes(facts: Facts): string | undefined {
    const { types } = valueSpaceOf(facts);
    const words = [...types].map((type) => jsonRule(rules, `json-${type}`));
    return words.length === 0 ? undefined : words.length === 1 ? words[0] : rules.intern("any", words.join(" | "));
  }

  function factsBody(facts: Facts): string | undefined {
    const space = valueSpaceOf(facts);
    if (space.typesAre === "unknown" && !facts.some(({ opposite }) => Object.keys(opposite).length > 0))
      return jsonRule(rules, "json-value");
    const small = excludedSmall(facts, space.types);
    const bodies = [...space.types].map((type) => (small && isSmall(type) ? undefined : noted(type, facts)));
    const literals = small?.filter((value) => accepts(facts, value)).map((value) => literal(JSON.stringify(value)));
    const all = [...bodies, ...(literals ?? [])].filter((body) => body !== undefined);
    return all.length > 0 ? all.join(" | ") : undefined;
  }

  /** The term of a type; what it needs is kept. */
  function noted(type: JsonType, facts: Facts): string | undefined {
    const outer = needs;
    needs = [];
    const found = typeTerm(type, facts);
    if (found !== undefined) endings.addWay(keyOf(facts), { needs, pointer: facts[0]?.pointer ?? "" });
    needs = outer;
    return found;
  }

  function typeTerm(type: JsonType, facts: Facts): string | undefined {
    switch (type) {
      case "null":
        return jsonRule(rules, "json-null");
      case "boolean":
        return jsonRule(rules, "json-boolean");
      case "string":
        return stringTerm(compiler, facts, { at: { node: facts[0]!, name: "not" } });
      case "integer":
      case "number":
        return numberTerm(compiler, facts, { integer: type === "integer" });
      case "array":
        return arrayTerm(compiler, facts);
      case "object":
        return objectTerm(compiler, facts);
    }
  }

  function hint(node: SchemaNode | undefined, part?: string): string {
    const steps = (node?.pointer ?? "")
      .split("/")
      .slice(1)
      .filter((step) => !plainSteps.has(step));
    const named = node?.pointer.startsWith("/$defs/") || node?.pointer.startsWith("/definitions/");
    return [...(named ? [] : [ruleName]), ...steps, ...(part === undefined ? [] : [part])].join("-");
  }
}

/** null, true and false less what is excluded; undefined when none of them is. */
function excludedSmall(facts: Facts, types: ReadonlySet<JsonType>): readonly unknown[] | undefined {
  if (!facts.some(({ opposite }) => opposite.values?.some((value) => isSmall(typeOfValue(value))))) return undefined;
  return [null, true, false].filter((value) => types.has(typeOfValue(value)));
}

/** No alternative and one without facts are different things. */
function unionKey(alternatives: readonly Facts[]): string {
  return `${alternatives.length}:${alternatives.map(keyOf).join("|")}`;
}

function keyOf(facts: Facts): string {
  return facts
    .map(({ id }) => id)
    .toSorted((a, b) => a - b)
    .join(",");
}

function isSmall(type: JsonType): boolean {
  return type === "null" || type === "boolean";
}
