import { countKeyword } from "../document/keywords.ts";
import { pointerTo } from "../document/refusal.ts";
import type { OppositeMember, SchemaNode } from "../document/schema-document.ts";
import type { Facts } from "../document/value-space.ts";
import { objectFacts } from "../expand/object-facts.ts";
import { matchesPattern } from "../expand/pattern-language.ts";
import { comma, jsonRule } from "../gbnf/json-rules.ts";
import { enclosed, type Member, memberChain } from "../gbnf/member-chain.ts";
import { literal, type RuleSet } from "../gbnf/rule-set.ts";
import type { Compiler } from "./compiler.ts";
import { createNames, type Names } from "./member-names.ts";
import { otherMembers } from "./other-members.ts";

// Each name is a few rules, and the rules are made recursively.
const maxNames = 1000;
/** Each is an object of its own in the grammar. */
const maxWitnesses = 50;

/**
 * A term for an object that satisfies all facts; undefined when there is none. Members come in the order of the schema,
 * those that it does not name at the end.
 */
export function objectTerm(compiler: Compiler, facts: Facts): string | undefined {
  const object = objectFacts(compiler.expander, facts);
  const names = createNames(compiler, facts, object);
  const { onUnenforced } = compiler.expander;
  const pointer = facts[0]?.pointer ?? "";
  if (names.all.length > maxNames) {
    onUnenforced(pointer, `has more than ${maxNames} properties`);
    return jsonRule(compiler.rules, "json-object");
  }
  const sought = facts.flatMap(({ opposite }) => opposite.member ?? []);
  const ways = (names.all.length + 1) ** sought.length;
  if (ways > maxWitnesses) onUnenforced(pointer, "excludes what would need too large a grammar");
  const choices = ways > maxWitnesses ? [[]] : witnesses(compiler, names, sought);
  const terms = choices.map((each) => chainTerm(compiler, facts, { names, witnesses: each }));
  const found = [...new Set(terms.filter((term) => term !== undefined))];
  if (found.length <= 1) return found[0];
  return compiler.rules.intern(compiler.hint(facts[0], "one"), found.join(" | "));
}

/** What satisfies `sought`: a member of this name, or (without one) a member that the schema does not name. */
interface Witness {
  readonly name: string | undefined;
  readonly sought: OppositeMember;
}

/** Every way to have a witness for each of those that are sought. */
function witnesses(
  compiler: Compiler,
  names: Names,
  sought: readonly OppositeMember[],
): readonly (readonly Witness[])[] {
  const [first, ...rest] = sought;
  if (!first) return [[]];
  const named = names.all.filter((name) => isCandidate(compiler, first, name));
  const ways: Witness[] = [undefined, ...named].map((name) => ({ name, sought: first }));
  return ways.flatMap((way) => witnesses(compiler, names, rest).map((others) => [way, ...others]));
}

function isCandidate(compiler: Compiler, { except, name: node }: OppositeMember, name: string): boolean {
  if (except.names.includes(name)) return false;
  // Where that cannot be told it counts as excepted: one witness less.
  if (node && except.patterns.some((pattern) => matchesPattern(compiler.expander, node, { pattern, text: name })))
    return false;
  return !node || compiler.expander.expand([node]).some((facts) => compiler.accepts(facts, name));
}

interface ChainOptions {
  readonly names: Names;
  readonly witnesses: readonly Witness[];
}

function chainTerm(compiler: Compiler, facts: Facts, { names, witnesses }: ChainOptions): string | undefined {
  const { rules } = compiler;
  const { object } = names;
  const min = Math.max(0, ...facts.map((fact) => countKeyword(fact, "minProperties") ?? 0));
  const max = Math.min(Infinity, ...facts.map((fact) => countKeyword(fact, "maxProperties") ?? Infinity));
  const isAny = names.all.length === 0 && object.patterns.length === 0 && object.other([])?.length === 0;
  if (isAny && !names.areRestricted && witnesses.length === 0 && min === 0 && max === Infinity)
    return jsonRule(rules, "json-object");

  const members: Member[] = [];
  for (const name of names.all) {
    const own = witnesses.filter((witness) => witness.name === name);
    const required = object.required.has(name) || own.length > 0;
    const nodes: SchemaNode[] = [...object.member(name), ...own.flatMap(({ sought }) => sought.value ?? [])];
    const value = names.allows(name) ? compiler.compile(nodes, { isNeeded: required }) : undefined;
    if (value !== undefined) members.push({ term: `${keyTerm(rules, name)} ${value}`, required });
    else if (required) return undefined;
  }
  const extra = otherMembers(compiler, names);
  for (const { name, sought } of witnesses) {
    if (name !== undefined) continue;
    const term = otherMembers(compiler, names, sought);
    if (extra === undefined || term === undefined) return undefined;
    // Others may come before it, where nobody counts them.
    const before = rules.intern(compiler.hint(facts[0], "before"), `${extra} ${comma(rules)}`);
    members.push({ term: max === Infinity ? `${before}* ${term}` : term, required: true });
  }
  const chain = memberChain(rules, { members, extra, min, max, hint: compiler.hint(facts[0]) });
  if (chain === undefined) return undefined;
  const known = members.filter(({ required }) => required).length;
  if (extra !== undefined && min > known + 1) {
    const node = facts.find((fact) => countKeyword(fact, "minProperties") === min)!;
    const remedy = "list them as required properties, or use an array of {name, value}";
    // The grammar cannot see that a name comes twice, and then the object has one member less.
    const reason = `${min} cannot be kept for names that the schema does not list: ${remedy}`;
    compiler.expander.onUnenforced(pointerTo(node.pointer, "minProperties"), reason);
  }
  return enclosed(rules, "{", chain, "}");
}

/** A name with its colon, in one literal as far as the spacing is known. */
function keyTerm({ spacing }: RuleSet, name: string): string {
  const key = JSON.stringify(name);
  return spacing === undefined ? `${literal(`${key}:`)} " "?` : literal(key + spacing.colon);
}
