/** An inclusive range of code points. */
export type Range = readonly [first: number, last: number];

/** What a rule of GBNF may stand for: a text's beginning that it takes, and tokens. */
export type Expression =
  | { readonly type: "literal"; readonly codes: readonly number[] }
  /** One character of (or, negated, outside of) the ranges. */
  | { readonly type: "class"; readonly ranges: readonly Range[]; readonly negated: boolean }
  | { readonly type: "rule"; readonly name: string; readonly offset: number }
  /** One whole token by id or by the text it is the only token of; negated: any other token. */
  | { readonly type: "token"; readonly token: number | string; readonly negated: boolean; readonly offset: number }
  | { readonly type: "sequence"; readonly items: readonly Expression[] }
  | { readonly type: "choice"; readonly options: readonly Expression[] }
  /** `max` may be Infinity. */
  | { readonly type: "repeat"; readonly item: Expression; readonly min: number; readonly max: number };

export interface Rule {
  readonly name: string;
  readonly body: Expression;
  /** Where its name stands in the text. */
  readonly offset: number;
}

/** The rules of a grammar by their names. */
export type Rules = ReadonlyMap<string, Rule>;

export const empty: Expression = { type: "sequence", items: [] };
