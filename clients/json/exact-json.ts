import { readExactly } from "./exact-reader.ts";
import type { ExactNumber } from "./exact-number.ts";

/**
 * JSON as it is written. A number is a JavaScript number only where that is written the same way again; every other
 * (`1234567890123456789`, `1.0`, `1e5`, `-0`) is an ExactNumber. Members keep their order, names like `"10"` too.
 * `JSON.stringify` writes all of it back digit for digit. Not for structuredClone: send the text.
 */
export type ExactJson =
  null | boolean | string | number | ExactNumber | readonly ExactJson[] | { readonly [name: string]: ExactJson };

/** JSON text as what it says. Throws SyntaxError for text that is not JSON, or that nests deeper than 1,000 levels. */
export function parseExactJson(text: string): ExactJson {
  const value = JSON.parse(text) as ExactJson;
  return mayLoseSomething(text) ? readExactly(text) : value;
}

/**
 * Whether JSON.parse may have changed what the text says: long numbers, exponents, a zero at the end of a fraction or
 * a minus before it, and names that are integers. Text inside of strings may look so too, which costs only time.
 */
export function mayLoseSomething(text: string): boolean {
  return /[\d.]{16}|\d[eE][\d+-]|\.\d*0(?!\d)|-0|"\d+"\s*:/.test(text);
}
