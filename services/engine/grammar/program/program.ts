/**
 * A grammar compiled to a network of nodes: what a matcher runs. Plain data, so that another thread may make it. An edge
 * is a label and the node it leads to; labels below 256 are bytes, the others are told apart by their range.
 */
export interface GrammarProgram {
  /** The edges of node n are those from `firstEdge[n]` to before `firstEdge[n + 1]`. */
  readonly firstEdge: Int32Array;
  readonly labels: Int32Array;
  readonly targets: Int32Array;
  /** By node: whether a rule may end here. */
  readonly ends: Uint8Array;
  /** By node: whether nothing but the end of its rule follows. A call that returns there needs no return. */
  readonly tails: Uint8Array;
  /** By rule: the node it begins with. The first rule is the root. */
  readonly ruleStarts: Int32Array;
  /** Bytes that no part of the grammar tells apart have one number, from 0 to `byteKinds` - 1. */
  readonly kindOf: Uint8Array;
  readonly byteKinds: number;
  /** Character classes: `classNext[row * byteKinds + kind]`, see Utf8Classes. */
  readonly classNext: Uint16Array;
  /** The tokens that labels refer to, by id or by the text that must be one token. */
  readonly tokens: readonly (number | string)[];
}

/** Goes on without a byte. */
export const emptyLabel = 256;
const firstClassLabel = 1 << 20;
const firstCallLabel = 1 << 24;
const firstTokenLabel = 1 << 28;
const firstOtherTokenLabel = 1 << 29;

/** What a label asks for. */
export const label = {
  /** A character that begins in this row of the classes. */
  class: (row: number) => firstClassLabel + row,
  /** What the rule matches. */
  call: (rule: number) => firstCallLabel + rule,
  /** The token with this index in `tokens`. */
  token: (index: number) => firstTokenLabel + index,
  /** Any token but this. */
  otherToken: (index: number) => firstOtherTokenLabel + index,
  isByte: (of: number) => of < emptyLabel,
  isClass: (of: number) => of >= firstClassLabel && of < firstCallLabel,
  isCall: (of: number) => of >= firstCallLabel && of < firstTokenLabel,
  isToken: (of: number) => of >= firstTokenLabel,
  isOtherToken: (of: number) => of >= firstOtherTokenLabel,
  rowOf: (of: number) => of - firstClassLabel,
  ruleOf: (of: number) => of - firstCallLabel,
  tokenOf: (of: number) => of - (of >= firstOtherTokenLabel ? firstOtherTokenLabel : firstTokenLabel),
} as const;

/** How much memory a program takes. */
export function programBytes({ firstEdge, labels, classNext }: GrammarProgram): number {
  return firstEdge.length * 6 + labels.length * 8 + classNext.length * 2;
}
