import type { Range } from "../gbnf/syntax.ts";

/** Rows of a table: what a byte leads to from a place within a character. */
export const deadRow = 0;
export const doneRow = 1;

const surrogates: Range = [0xd800, 0xdfff];
const lastCode = 0x10ffff;
/** The last code points that take one, two, three and four bytes. */
const lengthEnds = [0x7f, 0x7ff, 0xffff, lastCode] as const;

/** A range of byte sequences: each byte has a range of its own. */
type ByteRanges = readonly Range[];

/**
 * Character classes as automata over the bytes of UTF-8, in one table whose rows they share. Row 0 leads nowhere, row 1
 * is the end of a character; row r says in `next(r, byte)` where a byte leads.
 */
export class Utf8Classes {
  readonly #rows: Uint16Array[] = [new Uint16Array(256), new Uint16Array(256)];
  readonly #rowOf = new Map<string, number>();
  readonly #startOf = new Map<string, number>();
  readonly #maxRows: number;

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  get rows(): readonly Uint16Array[] {
    return this.#rows;
  }

  /** The row that a character of the class begins in, deadRow when it has none; undefined: the table is full. */
  start(ranges: readonly Range[], negated: boolean): number | undefined {
    const set = negated ? complement(merge(ranges)) : merge(ranges);
    const valid = subtractRange(set, surrogates);
    const key = valid.join(";");
    const known = this.#startOf.get(key);
    if (known !== undefined) return known;
    const row = this.#row(valid.flatMap(([first, last]) => byteRanges(first, last)));
    if (row !== undefined) this.#startOf.set(key, row);
    return row;
  }

  #row(sequences: readonly ByteRanges[]): number | undefined {
    if (sequences.length === 0) return deadRow;
    const key = sequences.join("|");
    const known = this.#rowOf.get(key);
    if (known !== undefined) return known;
    const rests: ByteRanges[][] = Array.from({ length: 256 }, () => []);
    const ends = new Uint8Array(256);
    for (const [range, ...rest] of sequences) {
      if (range === undefined) continue;
      for (let byte = range[0]; byte <= range[1]; byte++) {
        if (rest.length === 0) ends[byte] = 1;
        else rests[byte]?.push(rest);
      }
    }
    const table = new Uint16Array(256);
    for (const [byte, rest] of rests.entries()) {
      const next = ends[byte] === 1 ? doneRow : this.#row(rest);
      if (next === undefined) return undefined;
      table[byte] = next;
    }
    if (this.#rows.length >= this.#maxRows) return undefined;
    const row = this.#rows.push(table) - 1;
    this.#rowOf.set(key, row);
    return row;
  }
}

/** Sorted, and without overlaps. */
function merge(ranges: readonly Range[]): Range[] {
  const merged: [number, number][] = [];
  for (const [first, last] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const previous = merged.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last);
    else merged.push([first, last]);
  }
  return merged;
}

function complement(merged: readonly Range[]): Range[] {
  const gaps: Range[] = [];
  let from = 0;
  for (const [first, last] of merged) {
    if (first > from) gaps.push([from, first - 1]);
    from = last + 1;
  }
  if (from <= lastCode) gaps.push([from, lastCode]);
  return gaps;
}

function subtractRange(ranges: readonly Range[], [from, to]: Range): Range[] {
  return ranges.flatMap(([first, last]): Range[] => {
    if (last < from || first > to) return [[first, last]];
    return (
      [
        [first, from - 1],
        [to + 1, last],
      ] as const
    ).filter(([a, b]) => a <= b);
  });
}

/** The byte sequences of the code points from `first` to `last`. */
function byteRanges(first: number, last: number): ByteRanges[] {
  for (const end of lengthEnds) {
    if (first <= end && end < last) return [...byteRanges(first, end), ...byteRanges(end + 1, last)];
  }
  if (last <= 0x7f) return [[[first, last]]];
  // Ranges of bytes are ranges of code points only where the lower bytes run through all values.
  for (let shift = 6; shift <= 18; shift += 6) {
    const low = (1 << shift) - 1;
    if (first >> shift === last >> shift) continue;
    if ((first & low) !== 0) return [...byteRanges(first, first | low), ...byteRanges((first | low) + 1, last)];
    if ((last & low) !== low) return [...byteRanges(first, (last & ~low) - 1), ...byteRanges(last & ~low, last)];
  }
  const [from, to] = [utf8(first), utf8(last)];
  return [from.map((byte, index): Range => [byte, to[index] ?? byte])];
}

function utf8(code: number): number[] {
  return [...Buffer.from(String.fromCodePoint(code), "utf8")];
}
