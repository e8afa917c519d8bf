import { GrammarError, placeAt } from "./grammar-error.ts";
import type { Range } from "./syntax.ts";

const maxCode = 0x10ffff;
const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9 };
const hexDigits: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** Reads the words of GBNF from a text, one after another. */
export class Scanner {
  readonly #text: string;
  /** The offset of what comes next, in UTF-16 units. */
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get atEnd(): boolean {
    return this.at >= this.#text.length;
  }

  /** The next character, "" at the end. */
  peek(): string {
    return this.atEnd ? "" : String.fromCodePoint(this.#text.codePointAt(this.at) ?? 0);
  }

  /** Steps over `word` if it comes next. */
  take(word: string): boolean {
    if (!this.#text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  takeNewline(): boolean {
    return this.take("\r\n") || this.take("\n") || this.take("\r");
  }

  /** Steps over spaces and comments. */
  skipSpace(newlines: boolean): void {
    this.#match(newlines ? /(?:[ \t\r\n]|#[^\r\n]*)*/y : /(?:[ \t]|#[^\r\n]*)*/y);
  }

  /** A rule's name. */
  name(): string | undefined {
    return this.#match(/[a-zA-Z0-9-]+/y) || undefined;
  }

  digits(): string {
    return this.#match(/\d*/y);
  }

  /** The code points of a text in quotes. */
  literal(): number[] {
    const start = this.at;
    this.take('"');
    const codes: number[] = [];
    while (!this.take('"')) {
      if (this.atEnd) throw this.error('this text is never closed: a " is missing', start);
      codes.push(this.#character());
    }
    return codes;
  }

  /** Characters in brackets. */
  characterClass(): { ranges: readonly Range[]; negated: boolean } {
    const start = this.at;
    this.take("[");
    const negated = this.take("^");
    const ranges: Range[] = [];
    while (!this.take("]")) {
      if (this.atEnd) throw this.error("this character class is never closed: a ] is missing", start);
      const from = this.at;
      const first = this.#character();
      let last = first;
      if (this.peek() === "-" && this.#text[this.at + 1] !== "]") {
        this.take("-");
        if (this.atEnd) throw this.error("this character class is never closed: a ] is missing", start);
        last = this.#character();
      }
      if (first > last)
        throw this.error(`the range ${this.#text.slice(from, this.at)} ends before it begins: exchange its ends`, from);
      ranges.push([first, last]);
    }
    if (ranges.length === 0) throw this.error("this character class has no characters", start);
    return { ranges, negated };
  }

  /** A token by its id, `<[123]>`, or by its text, `<|end|>`, whose angle brackets are part of it. */
  token(): number | string {
    const start = this.at;
    const id = this.#match(/<\[\d{1,9}\]>/y);
    if (id !== "") return Number(id.slice(2, -2));
    const text = this.#match(/<(?!\[)[^>]*>/y);
    if (text === "") throw this.error("expected a token: <[123]> by its id, or <text>", start);
    return text;
  }

  error(message: string, offset = this.at): GrammarError {
    return new GrammarError(message, placeAt(this.#text, offset));
  }

  #character(): number {
    const start = this.at;
    if (!this.take("\\")) {
      const code = this.#text.codePointAt(this.at) ?? 0;
      this.at += code > 0xffff ? 2 : 1;
      return code;
    }
    const escape = this.peek();
    this.at += escape.length;
    const length = hexDigits[escape];
    if (length !== undefined) {
      const digits = this.#text.slice(this.at, this.at + length);
      if (digits.length < length || !/^[0-9a-fA-F]+$/.test(digits))
        throw this.error(`\\${escape} needs ${length} hexadecimal digits`, start);
      this.at += length;
      const code = Number.parseInt(digits, 16);
      if (code > maxCode) throw this.error(`\\${escape}${digits} is above the last code point, \\U0010FFFF`, start);
      return code;
    }
    const control = controls[escape];
    if (control !== undefined) return control;
    if (escape !== "" && '\\"[]-'.includes(escape)) return escape.codePointAt(0) ?? 0;
    throw this.error(
      `there is no escape \\${escape}: escapes are \\n \\r \\t \\\\ \\" \\[ \\] \\- \\x41 \\u0041 \\U00000041`,
      start,
    );
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.at += found.length;
    return found;
  }
}
