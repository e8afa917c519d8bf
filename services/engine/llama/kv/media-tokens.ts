import { createHash } from "node:crypto";

/**
 * In lists of tokens a row of embeddings is a negative number, so that a picture takes part in the search for what is in
 * memory as text does. Below the sign are 29 bits of a hash of what the row is of, a bit that is set in the first row of
 * a picture (or sound, or part of one), and a bit that is set where the row moves the position of what follows: with
 * M-RoPE a picture has fewer positions than rows.
 */
const firstBit = 2;
const movingBit = 1;

/** The numbers that stand for `rows` rows of something with a name; the first `positions` of them move the position. */
export function mediaTokens(key: string, { rows, positions }: { rows: number; positions: number }): Int32Array {
  const bytes = createHash("shake256", { outputLength: rows * 4 })
    .update(key)
    .digest();
  return Int32Array.from({ length: rows }, (_, row) => {
    const hash = (bytes.readUInt32LE(row * 4) >>> 3) << 2;
    return ~(hash | (row === 0 ? firstBit : 0) | (row < positions ? movingBit : 0));
  });
}

export function isMedia(token: number): boolean {
  return token < 0;
}

/** The longest beginning of at most `length` tokens that cuts nothing in two: of a picture all rows are kept, or none. */
export function uncutLength(tokens: ArrayLike<number>, length: number): number {
  let at = length;
  while (at > 0 && isInside(tokens[at])) at--;
  return at;
}

/** Whether a token is a row after the first of something. */
function isInside(token: number | undefined): boolean {
  return token !== undefined && isMedia(token) && (~token & firstBit) === 0;
}

/** The position of what comes after the first `length` tokens. */
export function positionAfter(tokens: ArrayLike<number>, length: number): number {
  let position = length;
  for (let at = 0; at < length; at++) {
    const token = tokens[at] ?? 0;
    if (isMedia(token) && (~token & movingBit) === 0) position--;
  }
  return position;
}
