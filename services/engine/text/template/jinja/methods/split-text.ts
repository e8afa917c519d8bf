import { pythonSpace, trimEnd, trimStart } from "../python-space.ts";

const run = new RegExp(`[${pythonSpace}]+`, "g");
const lineEnd = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/g;

/** Python's split at white space: none at the ends, so often at most (-1: everywhere). */
export function splitSpace(text: string, maxSplits: number): string[] {
  const trimmed = trimStart(text);
  if (trimmed === "") return [];
  const parts: string[] = [];
  let from = 0;
  for (const { 0: space, index } of trimmed.matchAll(run)) {
    if (parts.length === maxSplits) break;
    parts.push(trimmed.slice(from, index));
    from = index + space.length;
  }
  const rest = trimmed.slice(from);
  return rest === "" ? parts : [...parts, parts.length === maxSplits ? rest : trimEnd(rest)];
}

/** The same from the right. */
export function splitSpaceRight(text: string, maxSplits: number): string[] {
  const trimmed = trimEnd(text);
  if (trimmed === "") return [];
  const words = splitSpace(trimmed, -1);
  if (maxSplits < 0 || words.length <= maxSplits + 1) {
    return maxSplits >= 0 && words.length === maxSplits + 1 ? words : words;
  }
  const last = words.slice(words.length - maxSplits);
  let end = trimmed.length;
  for (const word of last.toReversed()) end = trimmed.lastIndexOf(word, end - word.length);
  return [trimEnd(trimmed.slice(0, end)), ...last];
}

/** Python's split at a separator, which is not empty. */
export function splitAt(text: string, separator: string, maxSplits: number): string[] {
  const parts = text.split(separator);
  if (maxSplits < 0 || parts.length <= maxSplits + 1) return parts;
  return [...parts.slice(0, maxSplits), parts.slice(maxSplits).join(separator)];
}

/** The same from the right. */
export function splitAtRight(text: string, separator: string, maxSplits: number): string[] {
  const parts: string[] = [];
  let end = text.length;
  while (maxSplits < 0 || parts.length < maxSplits) {
    const at = end < separator.length ? -1 : text.lastIndexOf(separator, end - separator.length);
    if (at === -1) break;
    parts.unshift(text.slice(at + separator.length, end));
    end = at;
  }
  return [text.slice(0, end), ...parts];
}

/** Python's splitlines. */
export function splitLines(text: string, keepEnds = false): string[] {
  const lines: string[] = [];
  let from = 0;
  for (const { 0: end, index } of text.matchAll(lineEnd)) {
    lines.push(text.slice(from, keepEnds ? index + end.length : index));
    from = index + end.length;
  }
  return from === text.length ? lines : [...lines, text.slice(from)];
}
