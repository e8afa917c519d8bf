import { hasOpenBorders } from "./ambiguity.ts";
import { choice, type Lengths, lengthsOf, type Regex, repeat, sequence } from "./regex.ts";

/**
 * The part of the language whose matches have `min` to `max` characters, where that is again a small expression: at
 * most one part of it varies in length. "none" when no match is left, undefined when it would take an automaton.
 */
export function fitLength(regex: Regex, { min, max }: Lengths): Regex | "none" | undefined {
  const own = lengthsOf(regex);
  if (own.min >= min && own.max <= max) return regex;
  if (own.min > max || own.max < min) return "none";
  switch (regex.type) {
    case "set":
      return undefined;
    case "sequence": {
      const varying = regex.items.filter((item) => lengthsOf(item).min !== lengthsOf(item).max);
      if (varying.length !== 1) return undefined;
      const fixed = own.min - lengthsOf(varying[0]!).min;
      const fitted = fitLength(varying[0]!, { min: min - fixed, max: max - fixed });
      if (fitted === undefined || fitted === "none") return fitted;
      return sequence(regex.items.map((item) => (item === varying[0] ? fitted : item)));
    }
    case "choice": {
      const fitted = regex.options.map((option) => fitLength(option, { min, max }));
      if (fitted.includes(undefined)) return undefined;
      const left = fitted.filter((option) => option !== undefined && option !== "none");
      return left.length === 0 ? "none" : choice(left);
    }
    case "repeat": {
      const width = lengthsOf(regex.item);
      if (width.min !== width.max) return undefined;
      const least = Math.max(regex.min, Math.ceil(min / width.min));
      const most = Math.min(regex.max, Math.floor(max / width.min));
      return least > most ? "none" : repeat(regex.item, least, most);
    }
  }
}

/**
 * The expression without upper counts that a maximal length implies: in 10 characters `[a-z]{1,63}` is `[a-z]+`, which
 * takes one state instead of 63.
 */
export function relaxCounts(regex: Regex, max: number): Regex {
  switch (regex.type) {
    case "set":
      return regex;
    case "sequence": {
      const least = lengthsOf(regex).min;
      return sequence(regex.items.map((item) => relaxCounts(item, max - least + lengthsOf(item).min)));
    }
    case "choice":
      return choice(regex.options.map((option) => relaxCounts(option, max)));
    case "repeat": {
      const each = lengthsOf(regex.item).min;
      const item = relaxCounts(regex.item, max - each * Math.max(0, regex.min - 1));
      return repeat(item, regex.min, (regex.max + 1) * each > max ? Infinity : regex.max);
    }
  }
}

/** How often what is repeated, and varies itself, must be possible. */
const leastTimes = 4;
/** What a part that varies must keep at least, when it has to give up something. */
const leastShare = 32;

/**
 * A part of the language whose matches have `min` to `max` characters: the length that the whole may have is divided
 * among the parts that vary, generously or not at all. For lengths that are too large to be counted. undefined when
 * there is too little to divide, or where counting would be dear: with parts that flow into each other (`a*[ab]*`) a
 * match can be read in as many ways as it has characters.
 */
export function splitLength(regex: Regex, { min, max }: Lengths): Regex | undefined {
  if (hasOpenBorders(regex)) return undefined;
  const shorter = atMost(regex, max);
  return shorter && atLeast(shorter, min);
}

function atMost(regex: Regex, max: number): Regex | undefined {
  const own = lengthsOf(regex);
  if (own.max <= max) return regex;
  if (own.min > max) return undefined;
  switch (regex.type) {
    case "set":
      return undefined;
    case "sequence":
      return atMostInAll(regex.items, max - own.min);
    case "choice": {
      const options = regex.options.flatMap((option) => (lengthsOf(option).min > max ? [] : [atMost(option, max)]));
      return options.includes(undefined) ? undefined : choice(options as Regex[]);
    }
    case "repeat": {
      const each = lengthsOf(regex.item);
      const share = Math.max(each.min + leastShare, Math.floor(max / Math.min(regex.max, 2 * leastTimes)));
      const longest = Math.min(each.max, each.max <= leastShare ? each.max : share);
      const times = Math.floor(max / longest);
      const isGenerous =
        times >= regex.max || (each.max <= leastShare ? times * longest >= leastShare : times >= leastTimes);
      const item = times >= regex.min && isGenerous ? atMost(regex.item, longest) : undefined;
      return item && repeat(item, regex.min, Math.min(times, regex.max));
    }
  }
}

/** Parts that want little get it, the others share what is left. */
function atMostInAll(items: readonly Regex[], slack: number): Regex | undefined {
  const wants = items.map((item) => lengthsOf(item).max - lengthsOf(item).min);
  const shares = new Map<number, number>();
  let left = slack;
  for (const index of [...items.keys()].toSorted((a, b) => wants[a]! - wants[b]!)) {
    const share = Math.min(wants[index]!, Math.floor(left / (items.length - shares.size)));
    if (share < wants[index]! && share < leastShare) return undefined;
    shares.set(index, share);
    left -= share;
  }
  const parts = items.map((item, i) => atMost(item, lengthsOf(item).min + shares.get(i)!));
  return parts.includes(undefined) ? undefined : sequence(parts as Regex[]);
}

/** What is missing is asked of one part, the last that can give it. */
function atLeast(regex: Regex, min: number): Regex | undefined {
  const own = lengthsOf(regex);
  if (own.min >= min) return regex;
  if (own.max < min) return undefined;
  switch (regex.type) {
    case "set":
      return undefined;
    case "choice": {
      const options = regex.options.flatMap((option) => (lengthsOf(option).max < min ? [] : [atLeast(option, min)]));
      return options.includes(undefined) ? undefined : choice(options as Regex[]);
    }
    case "repeat": {
      const each = lengthsOf(regex.item).min;
      return each === 0 ? undefined : repeat(regex.item, Math.ceil(min / each), regex.max);
    }
    case "sequence": {
      for (const [i, item] of [...regex.items.entries()].toReversed()) {
        const longer = atLeast(item, lengthsOf(item).min + min - own.min);
        if (longer) return sequence(regex.items.toSpliced(i, 1, longer));
      }
      return undefined;
    }
  }
}
