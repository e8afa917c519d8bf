/**
 * Groups of bytes that grammars tend to treat alike, as bits: whether all texts of a branch of the token tree can be
 * read is then asked once, not for each of its bytes.
 */
const asciiGroups = [
  "abcdefghijklmnopqrstuvwxyz",
  "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
  "0123456789",
  " ",
  "\n",
  "\r",
  "\t",
  "\x7f",
  '"',
  "\\",
  "'",
  "`",
  "{",
  "}",
  "[",
  "]",
  "<",
  ">",
  ":",
  ",",
  ".",
  "-",
  "_",
  "/",
  "()",
  ";!?",
  "#$%&*+=@^|~",
] as const;

const otherControls = Array.from({ length: 32 }, (_, code) => code).filter((code) => ![9, 10, 13].includes(code));

/** The bytes of each group of ASCII. Bit i stands for group i. */
export const asciiGroupBytes: readonly (readonly number[])[] = [
  ...asciiGroups.map((characters) => [...characters].map((character) => character.charCodeAt(0))),
  otherControls,
];

/** The bit of characters outside of ASCII, also of the beginning of one. */
export const otherCharacters = 1 << asciiGroupBytes.length;
/** The bit of bytes that are no UTF-8 where they stand. */
export const invalidBytes = 1 << (asciiGroupBytes.length + 1);

/** By byte below 0x80: the bit of its group. */
export const groupBitOf: Uint32Array = new Uint32Array(128);
for (const [group, bytes] of asciiGroupBytes.entries()) for (const byte of bytes) groupBitOf[byte] = 1 << group;

/** First bytes of characters that take two, three and four, with what the second may be; all others are 0x80 to 0xbf. */
export const leadBytes: readonly {
  readonly first: number;
  readonly last: number;
  readonly second: readonly [number, number];
  readonly length: number;
}[] = [
  { first: 0xc2, last: 0xdf, second: [0x80, 0xbf], length: 2 },
  { first: 0xe0, last: 0xe0, second: [0xa0, 0xbf], length: 3 },
  { first: 0xe1, last: 0xec, second: [0x80, 0xbf], length: 3 },
  { first: 0xed, last: 0xed, second: [0x80, 0x9f], length: 3 },
  { first: 0xee, last: 0xef, second: [0x80, 0xbf], length: 3 },
  { first: 0xf0, last: 0xf0, second: [0x90, 0xbf], length: 4 },
  { first: 0xf1, last: 0xf3, second: [0x80, 0xbf], length: 4 },
  { first: 0xf4, last: 0xf4, second: [0x80, 0x8f], length: 4 },
];

/** The bit for each byte of a text that begins with a character, and whether the byte begins one. */
export function readGroups(text: Uint8Array): { readonly bits: Uint32Array; readonly begins: Uint8Array } {
  const bits = new Uint32Array(text.length);
  const begins = new Uint8Array(text.length);
  let left = 0;
  let [low, high] = [0x80, 0xbf];
  for (const [index, byte] of text.entries()) {
    if (left > 0 && byte >= low && byte <= high) {
      bits[index] = otherCharacters;
      left--;
      [low, high] = [0x80, 0xbf];
      continue;
    }
    begins[index] = 1;
    // A character that was begun and does not go on makes what follows none either.
    if (left > 0) bits[index - 1] = invalidBytes;
    const lead = byte < 0x80 ? undefined : leadBytes.find(({ first, last }) => byte >= first && byte <= last);
    left = lead === undefined ? 0 : lead.length - 1;
    if (lead !== undefined) [low, high] = lead.second;
    bits[index] = lead !== undefined ? otherCharacters : (groupBitOf[byte] ?? invalidBytes);
  }
  return { bits, begins };
}
