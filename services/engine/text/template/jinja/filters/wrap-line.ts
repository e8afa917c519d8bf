import { trimEnd } from "../python-space.ts";

export interface WrapOptions {
  readonly width: number;
  readonly breakLongWords: boolean;
  readonly breakOnHyphens: boolean;
}

const hyphenated = /[\t-\r ]+|[^\t-\r ]*?\p{L}{2}-(?=\p{L}-?\p{L})|[^\t-\r ]+?-{2,}(?=\w)|[^\t-\r ]+/gu;
const spaced = /[\t-\r ]+|[^\t-\r ]+/g;

/** Python's textwrap.wrap of one line: lines of at most `width` characters. */
export function wrapLine(line: string, { width, breakLongWords, breakOnHyphens }: WrapOptions): string[] {
  const chunks = (line.match(breakOnHyphens ? hyphenated : spaced) ?? []).toReversed();
  const lines: string[] = [];
  while (chunks.length > 0) {
    if (lines.length > 0 && chunks.at(-1)?.trim() === "") chunks.pop();
    let text = "";
    for (let chunk = chunks.at(-1); chunk !== undefined; chunk = chunks.at(-1)) {
      if (text.length + chunk.length <= width) text += chunk;
      else if (chunk.length > width && breakLongWords) {
        const room = Math.max(width - text.length, width < 1 ? 1 : 0);
        chunks[chunks.length - 1] = chunk.slice(room);
        text += chunk.slice(0, room);
        break;
      } else if (text === "") text = chunk;
      else break;
      chunks.pop();
    }
    const kept = trimEnd(text);
    if (kept !== "") lines.push(kept);
  }
  return lines;
}
