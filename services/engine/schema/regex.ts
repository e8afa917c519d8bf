import { charSet, type CharSet } from "./char-set.ts";

/**
 * A regular language over characters: what patterns, formats and number ranges are turned into before they become
 * grammar. Whole strings are meant, there are no anchors. `max` may be Infinity.
 */
export type Regex =
  | { readonly type: "set"; readonly set: CharSet }
  | { readonly type: "sequence"; readonly items: readonly Regex[] }
  | { readonly type: "choice"; readonly options: readonly Regex[] }
  | { readonly type: "repeat"; readonly item: Regex; readonly min: number; readonly max: number };

export const emptyRegex: Regex = { type: "sequence", items: [] };

/** One character of the set. */
export function oneOf(set: CharSet): Regex {
  return { type: "set", set };
}

/** Exactly this text. */
export function text(value: string): Regex {
  return sequence(
    [...value].map((character) => oneOf(charSet([character.codePointAt(0)!, character.codePointAt(0)!]))),
  );
}

export function sequence(items: readonly Regex[]): Regex {
  const flat = items.flatMap((item) => (item.type === "sequence" ? item.items : [item]));
  return flat.length === 1 ? flat[0]! : { type: "sequence", items: flat };
}

/** One of the options; there must be at least one. */
export function choice(options: readonly Regex[]): Regex {
  const flat = options.flatMap((option) => (option.type === "choice" ? option.options : [option]));
  return flat.length === 1 ? flat[0]! : { type: "choice", options: flat };
}

export function repeat(item: Regex, min: number, max: number): Regex {
  if (max === 0) return emptyRegex;
  return min === 1 && max === 1 ? item : { type: "repeat", item, min, max };
}

export interface Lengths {
  readonly min: number;
  readonly max: number;
}

/** How many characters a match has, at least and at most. */
export function lengthsOf(regex: Regex): Lengths {
  switch (regex.type) {
    case "set":
      return { min: 1, max: 1 };
    case "sequence":
      return regex.items.map(lengthsOf).reduce((sum, each) => ({ min: sum.min + each.min, max: sum.max + each.max }), {
        min: 0,
        max: 0,
      });
    case "choice": {
      const all = regex.options.map(lengthsOf);
      return { min: Math.min(...all.map(({ min }) => min)), max: Math.max(...all.map(({ max }) => max)) };
    }
    case "repeat": {
      const { min, max } = lengthsOf(regex.item);
      // 0 * Infinity is NaN: something always empty stays empty however often it comes.
      return { min: min * regex.min, max: max === 0 ? 0 : max * regex.max };
    }
  }
}

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

/** Whether something that may be empty is repeated: a grammar rule for it would call itself without reading anything. */
export function repeatsEmpty(regex: Regex): boolean {
  switch (regex.type) {
    case "set":
      return false;
    case "sequence":
      return regex.items.some(repeatsEmpty);
    case "choice":
      return regex.options.some(repeatsEmpty);
    case "repeat":
      return lengthsOf(regex.item).min === 0 || repeatsEmpty(regex.item);
  }
}
