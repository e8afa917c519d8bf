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
 * The shortest sequence that can stand for `items` next to "anything": there, of something repeated only the least
 * count matters. `edge` is the side on which anything stands.
 */
export function besideAnything(items: readonly Regex[], edge: "start" | "end"): readonly Regex[] {
  const index = edge === "start" ? 0 : items.length - 1;
  const item = items[index];
  if (item?.type === "sequence") return besideAnything(items.toSpliced(index, 1, ...item.items), edge);
  if (item?.type !== "repeat" || (item.min === item.max && item.min > 1)) return items;
  const least = item.min === 0 ? [] : [repeat(item.item, item.min, item.min)];
  return besideAnything(items.toSpliced(index, 1, ...least), edge);
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
