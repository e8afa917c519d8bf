/** What Python calls white space, as the inside of a character class: JavaScript's `\s` is another set. */
export const pythonSpace = String.raw`\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`;

const start = new RegExp(`^[${pythonSpace}]+`);
const isSpaceOnly = new RegExp(`^[${pythonSpace}]+$`);
const one = new RegExp(`[${pythonSpace}]`);

export function trimStart(text: string): string {
  return text.replace(start, "");
}

// Not a regular expression with an anchor at the end: that takes quadratic time in a text full of spaces.
export function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && one.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

/** Whether there is white space in the text, and nothing else. */
export function isSpace(text: string): boolean {
  return isSpaceOnly.test(text);
}
