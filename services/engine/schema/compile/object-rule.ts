import type { Compiler } from "./compiler.ts";
import { jsonRule } from "../gbnf/json-rules.ts";
import { countKeyword, keyword, mapKeyword, refuseKeyword } from "../document/keywords.ts";
import { enclosed, memberChain } from "../gbnf/member-chain.ts";
import { objectFacts } from "../expand/object-facts.ts";
import { SchemaRefusal } from "../document/refusal.ts";
import { literal } from "../gbnf/rule-set.ts";
import type { SchemaNode } from "../document/schema-document.ts";
import { stringTerm } from "./string-rule.ts";
import { type Facts, valueSpaceOf } from "../document/value-space.ts";

// Each name is a few rules, and the rules are made recursively.
const maxNames = 1000;

/**
 * A term for an object that satisfies all facts; undefined when there is none. Members come in the order of the schema,
 * those that it does not name at the end.
 */
export function objectTerm(compiler: Compiler, facts: Facts): string | undefined {
  const { rules } = compiler;
  refuseUnsupported(facts);
  const object = objectFacts(compiler.document, facts);
  const keys = keyFacts(compiler, facts);
  const min = Math.max(0, ...facts.map((fact) => countKeyword(fact, "minProperties") ?? 0));
  const max = Math.min(Infinity, ...facts.map((fact) => countKeyword(fact, "maxProperties") ?? Infinity));
  const hint = compiler.hint(facts[0]);
  const names = [...object.names];
  const allowed = keys && allowedNames(keys);
  if (allowed && object.additional) names.push(...allowed.filter((name) => !names.includes(name)));
  if (names.length > maxNames) throw new SchemaRefusal(facts[0]?.pointer ?? "", `has more than ${maxNames} properties`);

  if (names.length === 0 && object.additional?.length === 0 && !keys && min === 0 && max === Infinity) {
    return jsonRule(rules, "json-object");
  }

  const members = [];
  for (const name of names) {
    const required = object.required.has(name);
    const value =
      keys && !compiler.accepts(keys, name) ? undefined : compiler.compile(object.member(name), { isNeeded: required });
    if (value !== undefined) members.push({ term: memberTerm(literal(JSON.stringify(name) + ":"), value), required });
    else if (required) return undefined;
  }
  const extra =
    object.additional && !allowed
      ? extraMember(compiler, { owner: facts[0]!, names, keys, value: object.additional })
      : undefined;
  const chain = memberChain(rules, { members, extra, min, max, hint });
  if (chain === undefined) return undefined;
  const known = members.filter(({ required }) => required).length;
  if (extra !== undefined && min > known + 1) {
    const node = facts.find((fact) => countKeyword(fact, "minProperties") === min)!;
    const remedy = "list them as required properties, or use an array of {name, value}";
    // The grammar cannot see that a name comes twice, and then the object has one member less.
    refuseKeyword(node, "minProperties", `${min} cannot be kept for names that the schema does not list: ${remedy}`);
  }
  return enclosed(rules, "{", chain, "}");
}

function memberTerm(key: string, value: string): string {
  return `${key} " "? ${value}`;
}

interface ExtraMember {
  readonly owner: SchemaNode;
  readonly names: readonly string[];
  readonly keys: Facts | undefined;
  readonly value: readonly SchemaNode[];
}

function extraMember(compiler: Compiler, { owner, names, keys, value }: ExtraMember): string | undefined {
  const at = { node: owner, name: "additionalProperties" };
  const key = stringTerm(compiler, keys ?? [], { except: names, at });
  const term = key === undefined ? undefined : compiler.compile(value);
  if (term === undefined) return undefined;
  return compiler.rules.intern(compiler.hint(value[0], "member"), memberTerm(`${key} ":"`, term));
}

/** What `propertyNames` asks of keys; undefined: nothing. */
function keyFacts(compiler: Compiler, facts: Facts): Facts | undefined {
  const nodes = facts.filter((fact) => keyword(fact, "propertyNames") !== undefined);
  if (nodes.length === 0) return undefined;
  const alternatives = compiler.expander.expand(nodes.map((node) => compiler.document.child(node, "propertyNames")));
  if (alternatives.length > 1)
    refuseKeyword(nodes[0]!, "propertyNames", "has alternatives: use one pattern or one enum");
  const none = compiler.document.imply(nodes[0]!, "no names", { keywords: { enum: [] } });
  const found = alternatives[0] ?? [none];
  return found.length === 0 ? undefined : found;
}

/** The only keys there are, when `propertyNames` lists them. */
function allowedNames(keys: Facts): readonly string[] | undefined {
  const { types, values } = valueSpaceOf(keys);
  if (!types.has("string")) return [];
  return values?.filter((value) => typeof value === "string");
}

function refuseUnsupported(facts: Facts): void {
  for (const fact of facts) {
    for (const pattern of Object.keys(mapKeyword(fact, "patternProperties") ?? {})) {
      const remedy = "list the names in properties, or use additionalProperties with propertyNames";
      throw new SchemaRefusal(
        `${fact.pointer}/patternProperties`,
        `is not supported (for ${JSON.stringify(pattern)}): ${remedy}`,
      );
    }
  }
}
