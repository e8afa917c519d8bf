import { comma, jsonRule } from "./json-rules.ts";
import type { RuleSet } from "./rule-set.ts";

/** Something between the brackets of an object or array, at its place in the order; a term that is not optional must come. */
export interface Member {
  readonly term: string;
  readonly required: boolean;
}

export interface ChainOptions {
  readonly members: readonly Member[];
  /** What may follow the members, any number of times. */
  readonly extra: string | undefined;
  readonly min: number;
  readonly max: number;
  /** For the names of rules. */
  readonly hint: string;
}

/**
 * A term for the members in their order, separated by commas, optional ones left out at will, `min` to `max` of them;
 * "" when only none at all is possible, undefined when not even that is. One rule for "a member from here on" and one
 * choice after each member ("a comma and more, or the end"): the grammar grows with the number of members (times the
 * count, where that matters), never with their combinations, and after each member one character tells the way.
 */
export function memberChain(rules: RuleSet, options: ChainOptions): string | undefined {
  const { members, extra, min, max, hint } = options;
  const ws = jsonRule(rules, "ws");
  const requiredFrom = members.map(() => 0);
  for (let i = members.length - 1; i >= 0; i--)
    requiredFrom[i] = (requiredFrom[i + 1] ?? 0) + (members[i]!.required ? 1 : 0);
  const required = requiredFrom[0] ?? 0;
  const most = extra === undefined ? members.length : Infinity;
  if (min > max || required > max || most < min) return undefined;
  // Counting multiplies the rules: done only where a bound can be missed.
  const countsUp = min > required;
  const countsDown = max < most;
  const known = new Map<string, string | undefined>();

  function countFrom(count: number): number {
    return countsDown ? count : countsUp ? Math.min(count, min) : 0;
  }
  function canEnd(at: number, count: number): boolean {
    return (requiredFrom[at] ?? 0) === 0 && (!countsUp || count >= min);
  }

  /** A member at `at` or later, and all that follows it. */
  function next(at: number, count: number): string | undefined {
    const key = `${at} ${count}`;
    if (known.has(key)) return known.get(key);
    const ways: string[] = [];
    if (at < members.length) {
      const { term, required: isRequired } = members[at]!;
      const after = rest(at + 1, countFrom(count + 1));
      if (after !== undefined) ways.push(`${term} ${after}`.trim());
      const later = isRequired ? undefined : next(at + 1, count);
      if (later !== undefined) ways.push(later);
    } else if (extra !== undefined) {
      const after = rest(at, countFrom(count + 1));
      if (after !== undefined) ways.push(`${extra} ${after}`.trim());
    }
    const found = ways.length > 1 ? rules.intern(`${hint}-next`, ways.join(" | ")) : ways[0];
    known.set(key, found);
    return found;
  }

  /** What follows a member: "" for the end only. */
  function rest(at: number, count: number): string | undefined {
    if (countsDown && count + (requiredFrom[at] ?? 0) > max) return undefined;
    if (at === members.length && extra !== undefined) {
      const more = rules.intern(`${hint}-more`, `${comma(rules)} ${extra}`);
      return rules.repeat(more, countsUp ? Math.max(0, min - count) : 0, countsDown ? max - count : Infinity);
    }
    const more = countsDown && count >= max ? undefined : next(at, count);
    if (more === undefined) return canEnd(at, count) ? "" : undefined;
    return canEnd(at, count) ? `( ${comma(rules)} ${more} )?` : `${comma(rules)} ${more}`;
  }

  const some = max === 0 ? undefined : next(0, 0);
  if (some === undefined) return canEnd(0, 0) ? "" : undefined;
  return canEnd(0, 0) ? `( ${some} ${ws} )?` : `${some} ${ws}`;
}

/** What is between brackets, with the whitespace that may stand at its beginning. */
export function enclosed(rules: RuleSet, open: "{" | "[", inside: string, close: "}" | "]"): string {
  return [`"${open}"`, jsonRule(rules, "ws"), ...(inside === "" ? [] : [inside]), `"${close}"`].join(" ");
}
