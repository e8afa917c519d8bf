import { regexAutomaton } from "./automata.ts";
import { type Automaton } from "./automaton.ts";
import { complementAutomaton, concatAutomata, intersectAutomata, unionAutomaton } from "./automaton-algebra.ts";
import { anyChar } from "./char-set.ts";
import { besideAnything, choice, lengthsOf, oneOf, type Regex, repeat, sequence } from "./regex.ts";
import { PatternError, readRegex, type Syntax } from "./regex-syntax.ts";

/** A set of whole strings; `regex` is unset when only the automaton can tell. */
export interface Language {
  readonly regex: Regex | undefined;
  readonly automaton: () => Automaton;
}

export function regexLanguage(regex: Regex): Language {
  return { regex, automaton: () => regexAutomaton(regex) };
}

/** Every other string. */
export function complementLanguage({ automaton }: Language): Language {
  return { regex: undefined, automaton: () => complementAutomaton(automaton()) };
}

const anything: Regex = repeat(oneOf(anyChar), 0, Infinity);

/**
 * The whole strings that a `pattern` allows: where it is not anchored by `^` and `$`, anything may stand before and
 * after. Anchors count at the edges of the pattern, of its alternatives and of groups there; lookaheads anywhere but
 * inside of a repetition. Throws PatternError, or AutomatonTooLarge for lookaheads that are too much.
 */
export function parsePattern(source: string): Language {
  const branches = spread(readRegex(source)).map(unanchored);
  if (!branches.some(({ body }) => body.some(hasLookahead))) return regexLanguage(choice(branches.map(branchRegex)));
  const automaton = unionAutomaton(branches.map(branchAutomaton));
  return { regex: undefined, automaton: () => automaton };
}

const nothing: Automaton = regexAutomaton(sequence([]));

/** A sequence whose anchors are off: whether anything may stand at each side of it. */
interface Branch {
  readonly body: readonly Syntax[];
  readonly openStart: boolean;
  readonly openEnd: boolean;
}

function branchRegex({ body, openStart, openEnd }: Branch): Regex {
  let items: readonly Regex[] = body.map(plain);
  if (openStart) items = besideAnything(items, "start");
  if (openEnd) items = besideAnything(items, "end");
  if (items.length === 0 && (openStart || openEnd)) return anything;
  return sequence([...(openStart ? [anything] : []), ...items, ...(openEnd ? [anything] : [])]);
}

function branchAutomaton({ body, openStart, openEnd }: Branch): Automaton {
  const whole = followed(body, openEnd ? regexAutomaton(anything) : nothing, !openStart);
  return openStart ? concatAutomata(regexAutomaton(anything), whole) : whole;
}

/** As alternatives of flat sequences, so that anchors inside of groups at an edge come to the edge. */
function spread(syntax: Syntax): (readonly Syntax[])[] {
  if (syntax.type === "choice") return syntax.options.flatMap(spread);
  if (syntax.type !== "sequence") return [[syntax]];
  const { items } = syntax;
  const first = items.findIndex(({ type }) => type !== "start");
  const last = items.findLastIndex(({ type }) => type !== "end");
  for (const edge of new Set([first, last])) {
    const item = items[edge];
    if (!item || (item.type !== "choice" && item.type !== "sequence") || !hasAnchor(item)) continue;
    return spread(item).flatMap((inner) => spread({ type: "sequence", items: items.toSpliced(edge, 1, ...inner) }));
  }
  return [items];
}

function unanchored(items: readonly Syntax[]): Branch {
  let first = 0;
  let last = items.length;
  while (items[first]?.type === "start") first++;
  while (last > first && items[last - 1]?.type === "end") last--;
  return { body: items.slice(first, last), openStart: first === 0, openEnd: last === items.length };
}

/**
 * The strings of `items` that go on as `rest`: what a lookahead looks at is all that comes after it. `atStart`: the
 * string begins with the items.
 */
function followed(items: readonly Syntax[], rest: Automaton, atStart: boolean): Automaton {
  const before = items.findIndex(({ type }) => type !== "lookahead" && type !== "start");
  return items.reduceRight((after, item, i) => {
    const isFirst = atStart && (before < 0 || i <= before);
    if (item.type === "start" && isFirst) return after;
    if (!hasLookahead(item)) return concatAutomata(regexAutomaton(plain(item)), after);
    switch (item.type) {
      case "sequence":
        return followed(item.items, after, isFirst);
      case "choice":
        return unionAutomaton(item.options.map((option) => followed([option], after, isFirst)));
      case "lookahead":
        return intersectAutomata([lookahead(item.item, { negative: item.negative, atStart: isFirst }), after]);
      default:
        if (item.type === "repeat" && item.max === 1) {
          return unionAutomaton([followed([item.item], after, isFirst), ...(item.min === 0 ? [after] : [])]);
        }
        throw new PatternError("has a lookahead inside of a repetition, which is not supported");
    }
  }, rest);
}

function lookahead(syntax: Syntax, { negative, atStart }: { negative: boolean; atStart: boolean }): Automaton {
  const found = spread(syntax).map((items) => {
    const { body, openStart, openEnd } = unanchored(items);
    if (!openStart && !atStart) throw new PatternError("has ^ in a lookahead that is not at the beginning");
    return branchRegex({ body, openStart: false, openEnd });
  });
  const automaton = regexAutomaton(choice(found));
  return negative ? complementAutomaton(automaton) : automaton;
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
