/**
 * The texts of tokens as a tree, written depth first, so that a walk is a loop over arrays that can skip a branch. Plain
 * data, so that another thread may make it.
 */
export interface TokenTrie {
  /** By node: its byte, how deep it is (the first bytes: 1), and the node after its branch. */
  readonly bytes: Uint8Array;
  readonly depths: Uint16Array;
  readonly ends: Int32Array;
  /** By node: a token whose text ends here, or -1; by token: another one with the same text, or -1. */
  readonly tokens: Int32Array;
  readonly twins: Int32Array;
  readonly maxDepth: number;
}

/** Builds the tree of the tokens' texts, by token id. A token with an empty text, or undefined, is not in it. */
export function buildTokenTrie(texts: readonly (Uint8Array | undefined)[]): TokenTrie {
  // One character for each byte: strings are compared by the engine, and quickly.
  const words: { readonly token: number; readonly text: string }[] = [];
  for (const [token, bytes] of texts.entries()) {
    if (bytes !== undefined && bytes.length > 0) words.push({ token, text: Buffer.from(bytes).toString("latin1") });
  }
  words.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : a.token - b.token));
  const size = words.reduce(
    (sum, { text }, index) => sum + text.length - commonLength(text, words[index - 1]?.text),
    0,
  );

  const trie = {
    bytes: new Uint8Array(size),
    depths: new Uint16Array(size),
    ends: new Int32Array(size).fill(size),
    tokens: new Int32Array(size).fill(-1),
    twins: new Int32Array(texts.length).fill(-1),
    maxDepth: words.reduce((max, { text }) => Math.max(max, text.length), 0),
  };
  const path: number[] = [];
  let nodes = 0;
  for (const [index, { token, text }] of words.entries()) {
    const shared = commonLength(text, words[index - 1]?.text);
    for (const left of path.splice(shared)) trie.ends[left] = nodes;
    for (let depth = shared; depth < text.length; depth++) {
      trie.bytes[nodes] = text.charCodeAt(depth);
      trie.depths[nodes] = depth + 1;
      path.push(nodes++);
    }
    const last = path.at(-1) ?? 0;
    trie.twins[token] = trie.tokens[last] ?? -1;
    trie.tokens[last] = token;
  }
  return trie;
}

function commonLength(text: string, other = ""): number {
  const most = Math.min(text.length, other.length);
  let length = 0;
  while (length < most && text.charCodeAt(length) === other.charCodeAt(length)) length++;
  return length;
}
