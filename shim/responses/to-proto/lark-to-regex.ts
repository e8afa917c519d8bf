/** A grammar of so many rules expands to no more than this: each use of a rule is another copy of it. */
const maxLength = 50_000;

/** What `%import common.X` brings in, of what grammars for tools use. */
const common: Readonly<Record<string, string>> = {
  LF: "\\n",
  NEWLINE: "(?:\\r?\\n)+",
  WS: "[ \\t\\f\\r\\n]+",
  WS_INLINE: "[ \\t]+",
  DIGIT: "[0-9]",
  INT: "[0-9]+",
  LETTER: "[A-Za-z]",
  WORD: "[A-Za-z]+",
};

/**
 * A Lark grammar without recursion, which describes a regular language, as a regular expression. Throws an Error that
 * says what of it is not understood: recursion, `%ignore`, templates, other imports.
 */
export function larkToRegex(grammar: string): string {
  const rules = parseRules(grammar);
  const expanding = new Set<string>();
  const expand = (name: string): string => {
    const body = rules.get(name);
    if (body === undefined) throw new Error(`the rule ${name} is not there`);
    if (expanding.has(name)) throw new Error(`the rule ${name} is recursive`);
    expanding.add(name);
    const regex = new Body(body, expand).alternatives();
    expanding.delete(name);
    if (regex.length > maxLength) throw new Error("it is too large");
    return regex;
  };
  return expand("start");
}

function parseRules(grammar: string): Map<string, string> {
  const rules = new Map<string, string>();
  let last: string | undefined;
  for (const line of grammar.split("\n")) {
    const text = line.replace(/^\s*\/\/.*$/, "").trim();
    if (text === "") continue;
    const imported = /^%import\s+common\.(\w+)$/.exec(text)?.[1];
    if (imported !== undefined) {
      const regex = common[imported];
      if (regex === undefined) throw new Error(`%import common.${imported} is not known`);
      rules.set(imported, `/${regex}/`);
      continue;
    }
    if (text.startsWith("%")) throw new Error(`${text.split(/\s/)[0]} is not known`);
    const rule = /^[?!]?(\w+)(?:\.\d+)?\s*:(.*)$/s.exec(text);
    if (rule !== null) {
      last = rule[1] ?? "";
      rules.set(last, rule[2] ?? "");
    } else if (last !== undefined && text.startsWith("|")) rules.set(last, `${rules.get(last)} ${text}`);
    else throw new Error(`the line ${JSON.stringify(text.slice(0, 40))} is not understood`);
  }
  return rules;
}

const token =
  /\s*(?:("(?:[^"\\]|\\.)*")(i?)|\/((?:[^/\\]|\\.)+)\/([a-z]*)|(->\s*\w+)|(\w+)|([()[\]|]))([*+?]|~\d+(?:\.\.\d+)?)?/y;

/** The right side of a rule, read from the left. */
class Body {
  readonly #text: string;
  readonly #expand: (name: string) => string;
  #at = 0;

  constructor(text: string, expand: (name: string) => string) {
    this.#text = text.trim();
    this.#expand = expand;
  }

  alternatives(): string {
    const regex = this.#until(undefined);
    if (this.#at < this.#text.length)
      throw new Error(`${JSON.stringify(this.#text.slice(this.#at, this.#at + 20))} is not understood`);
    return regex;
  }

  /** Alternatives up to a closing bracket, or to the end. */
  #until(close: string | undefined): string {
    const ways: string[] = [""];
    while (this.#at < this.#text.length) {
      token.lastIndex = this.#at;
      const found = token.exec(this.#text);
      if (found === null) break;
      const [whole, quoted, flag, pattern, flags, alias, name, bracket, repeat = ""] = found;
      this.#at += whole.length;
      if (flag === "i" || flags) throw new Error("flags are not known");
      if (alias !== undefined) continue;
      if (bracket === "|") ways.push("");
      else if (bracket === ")" || bracket === "]") {
        if (bracket !== close) throw new Error(`${bracket} closes nothing`);
        this.#at -= repeat.length;
        return `(?:${ways.join("|")})`;
      } else ways[ways.length - 1] += this.#piece({ quoted, pattern, name, bracket }) + quantifier(repeat);
    }
    if (close !== undefined) throw new Error(`${close} is missing`);
    return `(?:${ways.join("|")})`;
  }

  #piece(piece: Readonly<Record<"quoted" | "pattern" | "name" | "bracket", string | undefined>>): string {
    if (piece.quoted !== undefined) return `(?:${escapeRegex(JSON.parse(piece.quoted) as string)})`;
    if (piece.pattern !== undefined) return `(?:${piece.pattern})`;
    if (piece.name !== undefined) return this.#expand(piece.name);
    const close = piece.bracket === "[" ? "]" : ")";
    const inner = this.#until(close);
    const repeat = /^(?:[*+?]|~\d+(?:\.\.\d+)?)/.exec(this.#text.slice(this.#at))?.[0] ?? "";
    this.#at += repeat.length;
    // What may be left out may not be repeated too: it is a group of its own.
    return (close === "]" ? `(?:${inner}?)` : inner) + quantifier(repeat);
  }
}

function quantifier(repeat: string): string {
  const counted = /^~(\d+)(?:\.\.(\d+))?$/.exec(repeat);
  if (counted === null) return repeat;
  return counted[2] === undefined ? `{${counted[1]}}` : `{${counted[1]},${counted[2]}}`;
}

function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&").replaceAll("\n", "\\n");
}
