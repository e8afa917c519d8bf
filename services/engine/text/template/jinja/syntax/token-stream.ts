import { JinjaError } from "../jinja-error.ts";
import type { Token, TokenType } from "./lexer.ts";

// A template nests a handful deep; a parser that recurses must not be led to the end of its stack.
const maxDepth = 150;

/** A cursor on a template's tokens. What is expected and not there is a syntax error. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  get current(): Token {
    return this.#tokens[this.#at] ?? { type: "eof", value: "", line: this.#tokens.at(-1)?.line ?? 1 };
  }

  /** Whether the token after the current one is this operator or name. */
  nextIs(type: "operator" | "name", value: string): boolean {
    const token = this.#tokens[this.#at + 1];
    return token?.type === type && token.value === value;
  }

  next(): Token {
    const token = this.current;
    this.#at++;
    return token;
  }

  is(type: TokenType): boolean {
    return this.current.type === type;
  }

  isOperator(...values: readonly string[]): boolean {
    return this.is("operator") && values.includes(this.current.value);
  }

  isName(...values: readonly string[]): boolean {
    return this.is("name") && values.includes(this.current.value);
  }

  skipOperator(value: string): boolean {
    return this.isOperator(value) && (this.#at++, true);
  }

  skipName(value: string): boolean {
    return this.isName(value) && (this.#at++, true);
  }

  expect(type: TokenType): Token {
    if (!this.is(type)) throw this.unexpected(names[type] ?? type);
    return this.next();
  }

  expectOperator(value: string): Token {
    if (!this.isOperator(value)) throw this.unexpected(`"${value}"`);
    return this.next();
  }

  expectName(value: string): Token {
    if (!this.isName(value)) throw this.unexpected(`"${value}"`);
    return this.next();
  }

  nested<T>(parse: () => T): T {
    if (this.#depth >= maxDepth) throw this.fault(`nests more than ${maxDepth} deep`);
    this.#depth++;
    const result = parse();
    this.#depth--;
    return result;
  }

  unexpected(expected: string): JinjaError {
    const { type, value } = this.current;
    const found = names[type] ?? JSON.stringify(value);
    return this.fault(`expected ${expected}, found ${found}`);
  }

  fault(message: string, line = this.current.line): JinjaError {
    return new JinjaError("syntax", message, line);
  }
}

const names: Readonly<Partial<Record<TokenType, string>>> = {
  data: "text",
  variable_begin: '"{{"',
  variable_end: '"}}"',
  block_begin: '"{%"',
  block_end: '"%}"',
  eof: "the end of the template",
};
