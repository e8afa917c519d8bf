/** An expression; `line` is that of its first token. */
export type Expression = { readonly line: number } & (
  | { readonly kind: "constant"; readonly value: null | boolean | bigint | number | string }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "list" | "tuple"; readonly items: readonly Expression[] }
  | { readonly kind: "dict"; readonly items: readonly (readonly [key: Expression, value: Expression])[] }
  | { readonly kind: "attribute"; readonly object: Expression; readonly name: string }
  | { readonly kind: "item"; readonly object: Expression; readonly key: Expression }
  | {
      readonly kind: "slice";
      readonly start: Expression | undefined;
      readonly stop: Expression | undefined;
      readonly step: Expression | undefined;
    }
  | { readonly kind: "call"; readonly callee: Expression; readonly args: Arguments }
  /** Without a value it is the filter of a block. */
  | { readonly kind: "filter"; readonly value: Expression | undefined; readonly name: string; readonly args: Arguments }
  | { readonly kind: "test"; readonly value: Expression; readonly name: string; readonly args: Arguments }
  | { readonly kind: "not" | "negative" | "positive"; readonly value: Expression }
  | { readonly kind: "and" | "or"; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "concat"; readonly parts: readonly Expression[] }
  | {
      readonly kind: "compare";
      readonly first: Expression;
      readonly rest: readonly { readonly operator: CompareOperator; readonly right: Expression }[];
    }
  | {
      readonly kind: "conditional";
      readonly test: Expression;
      readonly value: Expression;
      readonly otherwise: Expression | undefined;
    }
);

export type BinaryOperator = "+" | "-" | "*" | "/" | "//" | "%" | "**";
export type CompareOperator = "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "not in";
export type FilterExpression = Extract<Expression, { kind: "filter" }>;
export type CallExpression = Extract<Expression, { kind: "call" }>;

export interface Arguments {
  readonly positional: readonly Expression[];
  readonly named: readonly { readonly name: string; readonly value: Expression }[];
  /** `*list` */
  readonly spread: Expression | undefined;
  /** `**dict` */
  readonly spreadNamed: Expression | undefined;
}

/** What is assigned to. */
export type Target =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "member"; readonly namespace: string; readonly name: string }
  | { readonly kind: "targets"; readonly items: readonly Target[] };

/** The parameters and the body of a macro, or of a call block's caller. */
export interface MacroBody {
  readonly parameters: readonly { readonly name: string; readonly fallback: Expression | undefined }[];
  readonly body: readonly Statement[];
  /** Which of the special names the body uses: only then a macro takes them. */
  readonly uses: ReadonlySet<string>;
}

export interface ForLoop {
  readonly target: Target;
  readonly iterable: Expression;
  readonly condition: Expression | undefined;
  readonly recursive: boolean;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
}

export type Statement = { readonly line: number } & (
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "print"; readonly value: Expression }
  | ({ readonly kind: "for" } & ForLoop)
  | {
      readonly kind: "if";
      readonly branches: readonly { readonly test: Expression; readonly body: readonly Statement[] }[];
      readonly otherwise: readonly Statement[];
    }
  | { readonly kind: "set"; readonly target: Target; readonly value: Expression }
  | {
      readonly kind: "set block";
      readonly target: Target;
      readonly filter: FilterExpression | undefined;
      readonly body: readonly Statement[];
    }
  | { readonly kind: "macro"; readonly name: string; readonly macro: MacroBody }
  | { readonly kind: "call block"; readonly call: CallExpression; readonly caller: MacroBody }
  | { readonly kind: "filter block"; readonly filter: FilterExpression; readonly body: readonly Statement[] }
  | {
      readonly kind: "with";
      readonly assignments: readonly { readonly target: Target; readonly value: Expression }[];
      readonly body: readonly Statement[];
    }
  | { readonly kind: "scope"; readonly body: readonly Statement[] }
  | { readonly kind: "break" | "continue" }
);
