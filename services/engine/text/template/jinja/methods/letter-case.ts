import { sliceText } from "../values/code-points.ts";

/** Python's capitalize: the first letter large, all others small. */
export function capitalize(text: string): string {
  return titleCase(sliceText(text, 0, 1)) + sliceText(text, 1).toLowerCase();
}

/** Python's title: each run of letters capitalized. */
export function titleWords(text: string): string {
  return text.replaceAll(/\p{L}+/gu, capitalize);
}

export function swapCase(text: string): string {
  return [...text].map((char) => (isLowerChar(char) ? char.toUpperCase() : char.toLowerCase())).join("");
}

/** Python's islower: there are letters with a case, and all of them are small. */
export function isLower(text: string): boolean {
  return /\p{Ll}/u.test(text) && !/[\p{Lu}\p{Lt}]/u.test(text);
}

export function isUpper(text: string): boolean {
  return /\p{Lu}/u.test(text) && !/[\p{Ll}\p{Lt}]/u.test(text);
}

/** Python's istitle: words begin large and go on small. */
export function isTitle(text: string): boolean {
  return /[\p{Lu}\p{Lt}]/u.test(text) && titleWords(text) === text;
}

function isLowerChar(char: string): boolean {
  return /\p{Ll}/u.test(char);
}

function titleCase(char: string): string {
  const upper = char.toUpperCase();
  return upper.length > char.length ? upper.charAt(0) + upper.slice(1).toLowerCase() : upper;
}
