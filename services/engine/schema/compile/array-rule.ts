import type { Compiler } from "./compiler.ts";
import { AutomatonTooLarge } from "../regex/automaton.ts";
import { comma, jsonRule } from "../gbnf/json-rules.ts";
import { type Content, containingTerm } from "./contains-rule.ts";
import { countKeyword, keyword, listKeyword } from "../document/keywords.ts";
import { enclosed, memberChain } from "../gbnf/member-chain.ts";
import { pointerTo } from "../document/refusal.ts";
import { literal, type RuleSet } from "../gbnf/rule-set.ts";
import type { SchemaNode } from "../document/schema-document.ts";
import { canonicalJson, type Facts, valueSpaceOf } from "../document/value-space.ts";

/** Up to here every order of unique values is allowed; the number of rules doubles with each value. */
const maxPermuted = 6;

/**
 * A term for an array that satisfies all facts; undefined when there is none. With `prefixItems` (or draft 7's list of
 * `items`) and nothing said about more items there are none, as with properties.
 */
export function arrayTerm(compiler: Compiler, facts: Facts): string | undefined {
  const min = Math.max(0, ...facts.map((fact) => countKeyword(fact, "minItems") ?? 0));
  const max = Math.min(Infinity, ...facts.map((fact) => countKeyword(fact, "maxItems") ?? Infinity));
  const prefix = Math.max(0, ...facts.map((fact) => prefixOf(fact).length));
  const rest = facts.flatMap((fact) => restOf(compiler, fact));
  const isFree = prefix === 0 && rest.length === 0 && min === 0 && max === Infinity;
  const isClosed = prefix > 0 && min <= prefix && !facts.some(saysRest);
  const hint = compiler.hint(facts[0]);
  const contents = facts.flatMap((fact) => contentOf(compiler, fact));

  const unique = facts.find((fact) => keyword(fact, "uniqueItems") === true);
  if (unique && max > 1 && !(isClosed && prefix === 1)) {
    const values = prefix === 0 ? finiteValues(compiler, rest) : undefined;
    if (values) {
      for (const { fact } of contents) untold(compiler, fact, "contains", "cannot be kept together with uniqueItems");
      return uniqueTerm(compiler, { values, min, max, hint });
    }
    const remedy = "leave it away, and drop what comes twice afterwards";
    untold(compiler, unique, "uniqueItems", `can be kept only for items with an enum: ${remedy}`);
  }

  const nodesAt = (i: number): readonly SchemaNode[] =>
    facts.flatMap((fact) => (i < prefixOf(fact).length ? [prefixItem(compiler, fact, i)] : restOf(compiler, fact)));
  if (contents.length > 0) {
    const most = isClosed ? Math.min(max, prefix) : max;
    try {
      const term = containingTerm(compiler, { nodesAt, prefix, min, max: most, contents, hint });
      return term === undefined ? undefined : enclosed(compiler.rules, "[", term, "]");
    } catch (error) {
      if (!(error instanceof AutomatonTooLarge)) throw error;
      untold(compiler, contents[0]!.fact, "contains", "needs too large a grammar: use smaller counts");
    }
  }

  if (isFree) return jsonRule(compiler.rules, "json-array");
  const members = [];
  let most = isClosed ? Math.min(max, prefix) : max;
  for (let i = 0; i < Math.min(prefix, most); i++) {
    const term = compiler.compile(nodesAt(i), { isNeeded: i < min });
    if (term === undefined) most = i;
    else members.push(term);
  }
  const extra = most > members.length ? compiler.compile(rest, { isNeeded: min > members.length }) : undefined;
  if (extra === undefined) most = members.length;
  if (most < min) return undefined;
  return enclosed(compiler.rules, "[", places(compiler, { members, extra, min, max: most, hint }), "]");
}

function untold({ expander }: Compiler, { pointer }: SchemaNode, name: string, reason: string): void {
  expander.onUnenforced(pointerTo(pointer, name), reason);
}

/** What `contains` asks for, unless it asks for nothing. */
function contentOf({ document }: Compiler, fact: SchemaNode): readonly Content[] {
  if (keyword(fact, "contains") === undefined) return [];
  const [min, max] = [countKeyword(fact, "minContains") ?? 1, countKeyword(fact, "maxContains") ?? Infinity];
  return min === 0 && max === Infinity ? [] : [{ fact, node: document.child(fact, "contains"), min, max }];
}

interface Places {
  readonly members: readonly string[];
  readonly extra: string | undefined;
  readonly min: number;
  readonly max: number;
  readonly hint: string;
}

/** One after the other, where each place needs those before it; `extra` as often as `max` lets it. */
function places({ rules }: Compiler, { members, extra, min, max, hint }: Places): string {
  if (max === 0) return "";
  const ws = jsonRule(rules, "ws");
  const [first = extra!, ...others] = members;
  let tail = "";
  if (extra !== undefined) {
    const known = others.length + 1;
    tail = rules.repeat(
      rules.intern(`${hint}-more`, `${comma(rules)} ${extra}`),
      Math.max(0, min - known),
      max - known,
    );
  }
  for (const [i, member] of [...others.entries()].toReversed()) {
    const next = `${comma(rules)} ${member} ${tail}`.trim();
    tail = i + 1 < min ? next : `${rules.intern(`${hint}-rest`, next)}?`;
  }
  const all = `${first} ${tail}`.trim();
  return min === 0 ? `( ${all} ${ws} )?` : `${all} ${ws}`;
}

interface UniqueOptions {
  /** As JSON. */
  readonly values: readonly string[];
  readonly min: number;
  readonly max: number;
  readonly hint: string;
}

/**
 * Unique items can be kept where there are few values: in any order when there are up to six, in the order of the
 * schema when there are more.
 */
function uniqueTerm({ rules }: Compiler, { values, min, max, hint }: UniqueOptions): string | undefined {
  if (values.length > maxPermuted) {
    const members = values.map((value) => ({ term: literal(value), required: false }));
    const chain = memberChain(rules, { members, extra: undefined, min, max, hint });
    return chain === undefined ? undefined : enclosed(rules, "[", chain, "]");
  }
  if (min > values.length) return undefined;
  if (values.length === 0) return enclosed(rules, "[", "", "]");
  const ws = jsonRule(rules, "ws");
  const order = permuted(rules, { values, min, max: Math.min(max, values.length), hint });
  return enclosed(rules, "[", min === 0 ? `( ${order} ${ws} )?` : `${order} ${ws}`, "]");
}

/** Every order of `values`, each at most once. */
function permuted(rules: RuleSet, { values, min, max, hint }: UniqueOptions): string {
  function from(left: readonly string[]): string {
    const taken = values.length - left.length + 1;
    const ways = left.map((value) => {
      if (taken === max || left.length === 1) return literal(value);
      const more = `${comma(rules)} ${from(left.filter((each) => each !== value))}`;
      return `${literal(value)} ${taken >= min ? `( ${more} )?` : more}`;
    });
    return rules.intern(`${hint}-some`, ways.join(" | "));
  }
  return from(values);
}

/** The items' values as JSON, when the schema lists them all. */
function finiteValues(compiler: Compiler, nodes: readonly SchemaNode[]): readonly string[] | undefined {
  const values = compiler.expander.expand(nodes).map((facts) => {
    const { types, values: listed } = valueSpaceOf(facts);
    if (listed) return listed.filter((value) => compiler.accepts(facts, value));
    if ([...types].every((type) => type === "boolean" || type === "null")) {
      return [true, false, null].filter((value) => types.has(value === null ? "null" : "boolean"));
    }
    return undefined;
  });
  if (values.includes(undefined)) return undefined;
  const unique = new Map(values.flatMap((list) => list!).map((value) => [canonicalJson(value), JSON.stringify(value)]));
  return [...unique.values()];
}

function prefixOf(fact: SchemaNode): readonly unknown[] {
  const items = keyword(fact, "items");
  return listKeyword(fact, "prefixItems") ?? (Array.isArray(items) ? items : []);
}

function prefixItem({ document }: Compiler, fact: SchemaNode, index: number): SchemaNode {
  return document.child(fact, keyword(fact, "prefixItems") === undefined ? "items" : "prefixItems", index);
}

/** Draft 7 writes `additionalItems` for what follows a list of `items`; without that list it means nothing. */
function restKeyword(fact: SchemaNode): "items" | "additionalItems" | undefined {
  if (Array.isArray(keyword(fact, "items")))
    return keyword(fact, "additionalItems") === undefined ? undefined : "additionalItems";
  return keyword(fact, "items") === undefined ? undefined : "items";
}

function saysRest(fact: SchemaNode): boolean {
  return restKeyword(fact) !== undefined;
}

function restOf({ document }: Compiler, fact: SchemaNode): readonly SchemaNode[] {
  const name = restKeyword(fact);
  return name === undefined ? [] : [document.child(fact, name)];
}
