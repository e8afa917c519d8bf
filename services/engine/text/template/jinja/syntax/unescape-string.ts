const escape = /\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]{2})|([0-7]{1,3})|(.))/gs;
const letters: Readonly<Record<string, string>> = {
  "\n": "",
  "\\": "\\",
  "'": "'",
  '"': '"',
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** The text of a string literal's inside, with Python's escapes; an escape that Python does not know stays as it is. */
export function unescapeString(inside: string): string {
  if (!inside.includes("\\")) return inside;
  return inside.replaceAll(escape, (whole, ...groups: (string | undefined)[]) => {
    const [u, long, x, octal, letter] = groups;
    const hex = u ?? long ?? x;
    if (hex !== undefined) {
      const code = Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    }
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
    return (letter === undefined ? undefined : letters[letter]) ?? whole;
  });
}
