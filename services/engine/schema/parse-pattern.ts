import {
  type Automaton,
  complementAutomaton,
  concatAutomata,
  intersectAutomata,
  regexAutomaton,
  unionAutomaton,
} from "./automaton.ts";
import { anyChar } from "./char-set.ts";
import { choice, lengthsOf, oneOf, type Regex, repeat, sequence } from "./regex.ts";
import { PatternError, readRegex, type Syntax } from "./regex-syntax.ts";

/** A set of whole strings; `regex` is unset when only the automaton can tell. */
export interface Language {
  readonly regex: Regex | undefined;
  readonly automaton: () => Automaton;
}

export function regexLanguage(regex: Regex): Language {
  return { regex, automaton: () => regexAutomaton(regex) };
}

const anything: Regex = repeat(oneOf(anyChar), 0, Infinity);

/**
 * The whole strings that a `pattern` allows: where it is not anchored by `^` and `$`, anything may stand before and
 * after. Anchors count at the edges of the pattern, of its alternatives and of groups there; lookaheads anywhere but
 * inside of a repetition. Throws PatternError.
 */
export function parsePattern(source: string): Language {
  const branches = spread(readRegex(source)).map(edges);
  if (!branches.some(({ body }) => body.some(hasLookahead))) {
    return regexLanguage(choice(branches.map(({ body }) => sequence(body.map(plain)))));
  }
  return { regex: undefined, automaton: () => unionAutomaton(branches.map(({ body }) => followed(body, nothing))) };
}

const nothing: Automaton = regexAutomaton(sequence([]));
const anythingSyntax: Syntax = { type: "repeat", item: { type: "set", set: anyChar }, min: 0, max: Infinity };

/** As alternatives of flat sequences, so that anchors inside of groups at an edge come to the edge. */
function spread(syntax: Syntax): (readonly Syntax[])[] {
  if (syntax.type === "choice") return syntax.options.flatMap(spread);
  if (syntax.type !== "sequence") return [[syntax]];
  const { items } = syntax;
  for (const edge of new Set([0, items.length - 1])) {
    const item = items[edge];
    if (!item || (item.type !== "choice" && item.type !== "sequence") || !hasAnchor(item)) continue;
    return spread(item).flatMap((inner) => spread({ type: "sequence", items: items.toSpliced(edge, 1, ...inner) }));
  }
  return [items];
}

/** Takes the anchors off, and puts "anything" where there is none. */
function edges(items: readonly Syntax[]): { body: readonly Syntax[] } {
  let first = 0;
  let last = items.length;
  while (items[first]?.type === "start") first++;
  while (last > first && items[last - 1]?.type === "end") last--;
  const body = items.slice(first, last);
  return { body: [...(first > 0 ? [] : [anythingSyntax]), ...body, ...(last < items.length ? [] : [anythingSyntax])] };
}

/** The strings of `items` that go on as `rest`: what a lookahead looks at is all that comes after it. */
function followed(items: readonly Syntax[], rest: Automaton): Automaton {
  return items.reduceRight((after, item) => {
    if (!hasLookahead(item)) return concatAutomata(regexAutomaton(plain(item)), after);
    switch (item.type) {
      case "sequence":
        return followed(item.items, after);
      case "choice":
        return unionAutomaton(item.options.map((option) => followed([option], after)));
      case "lookahead":
        return intersectAutomata([lookahead(item.item, item.negative), after]);
      default:
        if (item.type === "repeat" && item.max === 1) return unionAutomaton([followed([item.item], after), after]);
        throw new PatternError("has a lookahead inside of a repetition, which is not supported");
    }
  }, rest);
}

function lookahead(syntax: Syntax, negative: boolean): Automaton {
  const found = choice(
    spread(syntax).map((items) => {
      const closed = items.at(-1)?.type === "end";
      return sequence([...(closed ? items.slice(0, -1) : items).map(plain), ...(closed ? [] : [anything])]);
    }),
  );
  return negative ? complementAutomaton(regexAutomaton(found)) : regexAutomaton(found);
}

function plain(syntax: Syntax): Regex {
  switch (syntax.type) {
    case "set":
      return oneOf(syntax.set);
    case "sequence":
      return sequence(syntax.items.map(plain));
    case "choice":
      return choice(syntax.options.map(plain));
    case "repeat": {
      const item = plain(syntax.item);
      // Repeating what is always empty adds nothing.
      return lengthsOf(item).max === 0 ? sequence([]) : repeat(item, syntax.min, syntax.max);
    }
    case "lookahead":
      throw new PatternError("has a lookahead inside of another, which is not supported");
    case "start":
    case "end":
      throw new PatternError(`has ${syntax.type === "start" ? "^" : "$"} elsewhere than at an edge`);
  }
}

function hasAnchor(syntax: Syntax): boolean {
  if (syntax.type === "choice") return syntax.options.some(hasAnchor);
  if (syntax.type === "sequence") return syntax.items.some(hasAnchor);
  return syntax.type === "start" || syntax.type === "end";
}

function hasLookahead(syntax: Syntax): boolean {
  if (syntax.type === "choice") return syntax.options.some(hasLookahead);
  if (syntax.type === "sequence") return syntax.items.some(hasLookahead);
  return syntax.type === "lookahead" || (syntax.type === "repeat" && hasLookahead(syntax.item));
}
