/** A fenced block of a page. */
export interface DocBlock {
  /** Where it begins: `docs/first-start.md:12`. */
  readonly at: string;
  readonly language: string;
  /** The words in parentheses behind the language, which say to a reader what it needs that not everybody has. */
  readonly needs: string | undefined;
  readonly text: string;
  /** The block that follows with nothing but blank lines between: what the page says that this one writes. */
  readonly output: DocBlock | undefined;
}

interface Fence {
  readonly line: number;
  readonly end: number;
  readonly info: string;
  readonly text: string;
}

const outputs = new Set(["json", "text"]);
const programs = new Set(["sh", "bash", "ts", "python", "go"]);

/** The fenced blocks of a Markdown page, each output with the block that it is of. */
export function readBlocks(page: string, markdown: string): DocBlock[] {
  const lines = markdown.split("\n");
  const fences = readFences(lines);
  const blocks: DocBlock[] = [];
  for (let index = fences.length - 1; index >= 0; index -= 1) {
    const fence = fences[index]!;
    const block = toBlock(page, fence, undefined);
    const next = blocks.at(-1);
    const following = fences[index + 1];
    const between =
      following &&
      lines
        .slice(fence.end + 1, following.line)
        .join("")
        .trim();
    if (next !== undefined && between === "" && programs.has(block.language) && outputs.has(next.language)) {
      blocks.pop();
      blocks.push({ ...block, output: next });
    } else blocks.push(block);
  }
  return blocks.reverse();
}

function toBlock(page: string, { line, info, text }: Fence, output: DocBlock | undefined): DocBlock {
  const [, language = "", needs] = /^(\S*)\s*(?:\((.+)\))?$/.exec(info) ?? [];
  return { at: `${page}:${line + 1}`, language, needs, text, output };
}

function readFences(lines: readonly string[]): Fence[] {
  const fences: Fence[] = [];
  let open: { readonly line: number; readonly info: string; readonly indent: string } | undefined;
  for (const [index, line] of lines.entries()) {
    const [, indent = "", info = ""] = /^(\s*)```(.*)$/.exec(line) ?? [];
    if (!line.trim().startsWith("```")) continue;
    if (open === undefined) open = { line: index, info: info.trim(), indent };
    else {
      const { line: start, indent: margin } = open;
      const text = lines.slice(start + 1, index).map((each) => each.slice(margin.length));
      fences.push({ line: start, end: index, info: open.info, text: text.join("\n") });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`the block of line ${open.line + 1} has no end`);
  return fences;
}
