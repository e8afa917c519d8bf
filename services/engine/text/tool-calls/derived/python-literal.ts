const words: Readonly<Record<string, string>> = {
  True: "true",
  False: "false",
  None: "null",
  true: "true",
  false: "false",
  null: "null",
};
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const word = /[A-Za-z]+/y;
const maxDepth = 100;

/** The JSON of a text that is JSON, or a literal as Python writes it (`{'a': [True, None]}`); undefined: it is neither. */
export function pythonToJson(text: string): string | undefined {
  if (isJson(text)) return text;
  let at = 0;
  const json = value(0);
  skipSpace();
  return at === text.length ? json : undefined;

  function value(depth: number): string | undefined {
    skipSpace();
    const char = text.charAt(at);
    if (char === '"' || char === "'") return string(char);
    if (depth < maxDepth && char === "{") return list("}", () => pair(depth + 1), ["{", "}"]);
    if (depth < maxDepth && (char === "[" || char === "(")) {
      return list(char === "[" ? "]" : ")", () => value(depth + 1), ["[", "]"]);
    }
    return words[take(word) ?? ""] ?? take(number);
  }

  function pair(depth: number): string | undefined {
    const key = value(depth);
    skipSpace();
    if (key?.startsWith('"') !== true || text.charAt(at) !== ":") return undefined;
    at++;
    const member = value(depth);
    return member === undefined ? undefined : `${key}: ${member}`;
  }

  function list(close: string, item: () => string | undefined, [start, end]: readonly [string, string]) {
    const items: string[] = [];
    at++;
    skipSpace();
    while (text.charAt(at) !== close) {
      const json = item();
      if (json === undefined) return undefined;
      items.push(json);
      skipSpace();
      if (text.charAt(at) === ",") at++;
      else if (text.charAt(at) !== close) return undefined;
      skipSpace();
    }
    at++;
    return start + items.join(", ") + end;
  }

  function string(quote: string): string | undefined {
    let inside = "";
    for (at++; at < text.length; at++) {
      const char = text.charAt(at);
      if (char === quote) {
        at++;
        return JSON.stringify(inside);
      }
      inside += char === "\\" ? unescape() : char;
    }
    return undefined;
  }

  function unescape(): string {
    const char = text.charAt(++at);
    const simple: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", "\\": "\\", "'": "'", '"': '"' };
    const length = { x: 2, u: 4, U: 8 }[char];
    if (length === undefined) return simple[char] ?? `\\${char}`;
    const code = Number.parseInt(text.slice(at + 1, at + 1 + length), 16);
    if (!(code <= 0x10ffff)) return `\\${char}`;
    at += length;
    return String.fromCodePoint(code);
  }

  function take(pattern: RegExp): string | undefined {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  }

  function skipSpace(): void {
    while (/\s/.test(text.charAt(at))) at++;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
