/** Every character but a wildcard stands for itself, and so does a bracket that is never closed. */
const tokens = /\*+|\?|\[(?:(!)|(?!!))(\][^\]]*|[^\]]+)\]|./gsu;

/**
 * Whether a whole name matches a pattern as Python's fnmatch has it, which llama_cpp.server used: `*` is any text (with
 * slashes), `?` any character, `[abc]` and `[!abc]` one of a set. Upper and lower case differ.
 */
export function matchesPattern(name: string, pattern: string): boolean {
  const source = pattern.replaceAll(tokens, (token, not: string | undefined, set: string | undefined) => {
    if (token.startsWith("*")) return ".*";
    if (token === "?") return ".";
    return set === undefined ? literal(token) : oneOf(Array.from(set), not !== undefined);
  });
  return new RegExp(`^(?:${source})$`, "su").test(name);
}

/** Of `a-z` the outer two are ends of a range; one that runs backwards holds nothing. */
function oneOf(characters: readonly string[], not: boolean): string {
  let members = "";
  for (let at = 0; at < characters.length; at++) {
    const [from = "", dash, to] = characters.slice(at, at + 3);
    const isRange = dash === "-" && to !== undefined;
    if (!isRange) members += literal(from);
    else if (from <= to) members += `${literal(from)}-${literal(to)}`;
    if (isRange) at += 2;
  }
  return `[${not ? "^" : ""}${members}]`;
}

function literal(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}
