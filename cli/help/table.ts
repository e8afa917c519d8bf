/** Columns for a terminal of the usual width. */
const width = 110;
const indent = 2;
const nameWidth = 32;

/** Names and what is said about them, in two columns; long texts go on in the second. */
export function table(rows: readonly (readonly [name: string, text: string])[]): string {
  return rows.map(([name, text]) => row(name, text)).join("\n");
}

function row(name: string, text: string): string {
  const [first = "", ...more] = wrap(text, width - indent - nameWidth);
  const margin = " ".repeat(indent);
  const blank = margin + " ".repeat(nameWidth);
  const head = name.length < nameWidth ? [margin + name.padEnd(nameWidth) + first] : [margin + name, blank + first];
  return [...head, ...more.map((line) => blank + line)].join("\n").trimEnd();
}

/** Lines of at most `columns` characters, broken at spaces. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= columns) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}
