import { readGroups } from "./byte-groups.ts";

/**
 * The texts of tokens as a tree, written depth first, so that a walk is a loop over arrays that can skip a branch, and
 * the tokens of a branch stand one after another. Plain data, so that another thread may make it.
 */
export interface TokenTrie {
  /** By node: its byte, how deep it is (the first bytes: 1), and the node after its branch. */
  readonly bytes: Uint8Array;
  readonly depths: Uint16Array;
  readonly ends: Int32Array;
  /** By node: where in `tokens` those begin whose text ends here or in the branch; they end where the next node's begin. */
  readonly firstToken: Int32Array;
  readonly tokens: Int32Array;
  /** By node: the groups of the bytes of its branch, itself included, and how many characters its texts have at most. */
  readonly groups: Uint32Array;
  readonly heights: Uint8Array;
  readonly maxDepth: number;
}

/** Longer texts are not asked for in one go. */
const maxHeight = 255;

/** Builds the tree of the tokens' texts, by token id. A token with an empty text, or undefined, is not in it. */
export function buildTokenTrie(texts: readonly (Uint8Array | undefined)[]): TokenTrie {
  const words = sortedWords(texts);
  const size = words.reduce(
    (sum, { text }, index) => sum + text.length - commonLength(text, words[index - 1]?.text),
    0,
  );
  const trie = {
    bytes: new Uint8Array(size),
    depths: new Uint16Array(size),
    ends: new Int32Array(size).fill(size),
    firstToken: new Int32Array(size + 1).fill(words.length),
    tokens: Int32Array.from(words, ({ token }) => token),
    groups: new Uint32Array(size),
    heights: new Uint8Array(size),
    maxDepth: words.reduce((max, { text }) => Math.max(max, text.length), 0),
  };
  const path: number[] = [];
  /** What a branch holds is known when it ends. */
  const leave = (depth: number, end: number): void => {
    for (let node = path.at(-1); node !== undefined && path.length > depth; node = path.at(-1)) {
      path.pop();
      trie.ends[node] = end;
      const parent = path.at(-1);
      if (parent === undefined) continue;
      trie.groups[parent] = (trie.groups[parent] ?? 0) | (trie.groups[node] ?? 0);
      const own = begins[parent] ?? 0;
      trie.heights[parent] = Math.max(trie.heights[parent] ?? 0, Math.min(maxHeight, own + (trie.heights[node] ?? 0)));
    }
  };
  const begins = new Uint8Array(size);
  let nodes = 0;
  for (const [index, { text }] of words.entries()) {
    const shared = commonLength(text, words[index - 1]?.text);
    leave(shared, nodes);
    const bytes = Buffer.from(text, "latin1");
    const read = readGroups(bytes);
    for (let depth = shared; depth < text.length; depth++) {
      trie.bytes[nodes] = bytes[depth] ?? 0;
      trie.depths[nodes] = depth + 1;
      trie.firstToken[nodes] = index;
      trie.groups[nodes] = read.bits[depth] ?? 0;
      trie.heights[nodes] = begins[nodes] = read.begins[depth] ?? 0;
      path.push(nodes++);
    }
  }
  leave(0, size);
  return trie;
}

interface Word {
  readonly token: number;
  readonly text: string;
}

/** In the order of their bytes: one character for each byte, as the engine compares strings quickly. */
function sortedWords(texts: readonly (Uint8Array | undefined)[]): Word[] {
  const words: Word[] = [];
  for (const [token, bytes] of texts.entries()) {
    if (bytes !== undefined && bytes.length > 0) words.push({ token, text: Buffer.from(bytes).toString("latin1") });
  }
  return words.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : a.token - b.token));
}

function commonLength(text: string, other = ""): number {
  const most = Math.min(text.length, other.length);
  let length = 0;
  while (length < most && text.charCodeAt(length) === other.charCodeAt(length)) length++;
  return length;
}
