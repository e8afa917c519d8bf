/** A set of Unicode code points: sorted, disjoint, non-adjacent inclusive ranges. */
export type CharSet = readonly (readonly [first: number, last: number])[];

const lastCodePoint = 0x10ffff;

export const anyChar: CharSet = [[0, lastCodePoint]];
export const noChar: CharSet = [];

/** The set of the given characters and inclusive ranges, in any order and overlapping as they like. */
export function charSet(...parts: readonly (string | readonly [first: number, last: number])[]): CharSet {
  const ranges = parts
    .map((part): readonly [number, number] => (typeof part === "string" ? rangeOf(part) : part))
    .toSorted((a, b) => a[0] - b[0]);
  const merged: [number, number][] = [];
  for (const [first, last] of ranges) {
    const previous = merged.at(-1);
    if (previous && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

/** `"a"` is one character, `"a-z"` a range. */
function rangeOf(text: string): readonly [number, number] {
  const characters = [...text];
  const first = codePoint(characters[0]);
  return characters.length === 3 && characters[1] === "-" ? [first, codePoint(characters[2])] : [first, first];
}

function codePoint(character: string | undefined): number {
  return character?.codePointAt(0) ?? 0;
}

export function union(a: CharSet, b: CharSet): CharSet {
  return charSet(...a, ...b);
}

export function complement(set: CharSet): CharSet {
  const gaps: [number, number][] = [];
  let next = 0;
  for (const [first, last] of set) {
    if (first > next) gaps.push([next, first - 1]);
    next = last + 1;
  }
  if (next <= lastCodePoint) gaps.push([next, lastCodePoint]);
  return gaps;
}

export function intersect(a: CharSet, b: CharSet): CharSet {
  const common: [number, number][] = [];
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    const [aFirst, aLast] = a[i]!;
    const [bFirst, bLast] = b[j]!;
    const first = Math.max(aFirst, bFirst);
    const last = Math.min(aLast, bLast);
    if (first <= last) common.push([first, last]);
    if (aLast < bLast) i++;
    else j++;
  }
  return common;
}

export function subtract(a: CharSet, b: CharSet): CharSet {
  return intersect(a, complement(b));
}

export function hasChar(set: CharSet, code: number): boolean {
  return set.some(([first, last]) => first <= code && code <= last);
}
