import { JinjaError } from "../jinja-error.ts";
import { isSpace, pythonSpace, trimEnd } from "../python-space.ts";
import { unescapeString } from "./unescape-string.ts";

export type TokenType =
  | "data"
  | "variable_begin"
  | "variable_end"
  | "block_begin"
  | "block_end"
  | "name"
  | "string"
  | "integer"
  | "float"
  | "operator"
  | "eof";

export interface Token {
  readonly type: TokenType;
  /** Data and strings: the text they stand for; others: as written. */
  readonly value: string;
  readonly line: number;
}

const space = `[${pythonSpace}]`;
const tagStart = new RegExp(
  String.raw`\{%([-+]?)${space}*raw${space}*(?:-%\}${space}*|%\})|(\{%|\{\{|\{#)([-+]?)`,
  "g",
);
const commentEnd = new RegExp(String.raw`\+#\}|-#\}${space}*|#\}\n?`, "g");
const rawEnd = new RegExp(String.raw`\{%([-+]?)${space}*endraw${space}*(?:\+%\}|-%\}${space}*|%\}\n?)`, "g");
const blockEnd = new RegExp(String.raw`\+%\}|-%\}${space}*|%\}\n?`, "y");
const variableEnd = new RegExp(String.raw`-\}\}${space}*|\}\}`, "y");

/** In the order in which they are tried. */
const tagTokens: readonly (readonly [type: TokenType | undefined, pattern: RegExp])[] = [
  [undefined, new RegExp(`${space}+`, "y")],
  ["float", /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy],
  ["integer", /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy],
  ["name", /[\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]+/uy],
  ["string", /'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*"/sy],
  ["operator", /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}><=.:|,;]/y],
];

const closing: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/**
 * Splits a template into tokens as Jinja2 does with trim_blocks and lstrip_blocks, as Transformers sets it up: line
 * ends become "\n", one at the very end is dropped. Throws a syntax error.
 */
export function tokenize(template: string): Token[] {
  const lexer = new Lexer(template.replaceAll(/\r\n?/g, "\n").replace(/\n$/, ""));
  lexer.run();
  return lexer.tokens;
}

class Lexer {
  readonly tokens: Token[] = [];
  readonly #source: string;
  #at = 0;
  #line = 1;

  constructor(source: string) {
    this.#source = source;
  }

  run(): void {
    while (this.#at < this.#source.length) {
      const found = this.#find(tagStart, this.#at);
      if (found === undefined) {
        this.#add("data", this.#source.slice(this.#at));
        break;
      }
      const [whole, rawSign, opening, sign = rawSign ?? ""] = found;
      this.#addData(found.index, sign, opening !== "{{");
      this.#advance(found.index + whole.length);
      if (opening === undefined) this.#raw();
      else if (opening === "{#") this.#comment();
      else this.#tag(opening === "{%" ? "block" : "variable");
    }
    this.#add("eof", "");
  }

  /** Adds the text up to a tag, without the white space that the tag takes from it. */
  #addData(end: number, sign: string, stripsLine: boolean): void {
    const text = this.#source.slice(this.#at, end);
    let kept = text;
    if (sign === "-") {
      kept = trimEnd(text);
    } else if (sign === "" && stripsLine) {
      const lineStart = text.lastIndexOf("\n") + 1;
      const beginsLine = lineStart > 0 || this.#at === 0 || this.#source[this.#at - 1] === "\n";
      if (beginsLine && isSpace(text.slice(lineStart))) kept = text.slice(0, lineStart);
    }
    if (kept !== "") this.#add("data", kept);
    this.#advance(end);
  }

  #raw(): void {
    const found = this.#find(rawEnd, this.#at);
    if (found === undefined) throw this.#fault("a {% raw %} has no {% endraw %}");
    this.#addData(found.index, found[1] ?? "", true);
    this.#advance(found.index + found[0].length);
  }

  #comment(): void {
    const found = this.#find(commentEnd, this.#at);
    if (found === undefined) throw this.#fault("a comment has no end");
    this.#advance(found.index + found[0].length);
  }

  #tag(kind: "block" | "variable"): void {
    this.#add(`${kind}_begin`, "");
    const end = kind === "block" ? blockEnd : variableEnd;
    const open: string[] = [];
    for (;;) {
      // Within brackets "}}" ends two dictionaries.
      const closed = open.length === 0 ? this.#match(end) : undefined;
      if (closed !== undefined) {
        this.#add(`${kind}_end`, "");
        return this.#advance(this.#at + closed.length);
      }
      this.#tagToken(open);
    }
  }

  #tagToken(open: string[]): void {
    for (const [type, pattern] of tagTokens) {
      const text = this.#match(pattern);
      if (text === undefined) continue;
      if (type === "operator") this.#balance(open, text);
      if (type === "name" && !/^[\p{L}\p{Nl}\p{Pc}]/u.test(text)) throw this.#fault(`${text} is not a name`);
      if (type === "string") this.#add(type, unescapeString(text.slice(1, -1)));
      else if (type !== undefined) this.#add(type, text);
      return this.#advance(this.#at + text.length);
    }
    if (this.#at >= this.#source.length) throw this.#fault("a tag has no end");
    throw this.#fault(`unexpected character ${JSON.stringify(this.#source.charAt(this.#at))}`);
  }

  #balance(open: string[], text: string): void {
    const close = closing[text];
    if (close !== undefined) open.push(close);
    if (!")]}".includes(text)) return;
    const expected = open.pop();
    if (expected === text) return;
    throw this.#fault(`unexpected "${text}"${expected === undefined ? "" : `, expected "${expected}"`}`);
  }

  #find(pattern: RegExp, from: number): RegExpExecArray | undefined {
    pattern.lastIndex = from;
    return pattern.exec(this.#source) ?? undefined;
  }

  #match(pattern: RegExp): string | undefined {
    return this.#find(pattern, this.#at)?.[0];
  }

  #add(type: TokenType, value: string): void {
    this.tokens.push({ type, value, line: this.#line });
  }

  #advance(to: number): void {
    for (let i = this.#source.indexOf("\n", this.#at); i !== -1 && i < to; i = this.#source.indexOf("\n", i + 1)) {
      this.#line++;
    }
    this.#at = to;
  }

  #fault(message: string): JinjaError {
    return new JinjaError("syntax", message, this.#line);
  }
}
