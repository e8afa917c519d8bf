/**
 * How a chat template writes calls, as rendering a few has shown (derive-call-form.ts): the text of an answer that is
 * calls is `prefix`, the calls with `separator` between them, `suffix`.
 */
export interface CallForm {
  readonly prefix: string;
  readonly separator: string;
  readonly suffix: string;
  /** What stands before a call's arguments; the name is in it, or in `after`. */
  readonly before: readonly Piece[];
  readonly after: readonly Piece[];
  readonly arguments: ArgumentForm;
  /** A whole call without arguments, where that is not just what stands around them. */
  readonly empty: readonly Piece[] | undefined;
  /** What stands between members and behind names in JSON; unset: not the same everywhere. */
  readonly spacing?: JsonSpacing | undefined;
  /** How objects and lists are written where that is not JSON. */
  readonly notation?: Notation | undefined;
  /** Whether arguments stand in the order of their names, whatever order they came in. */
  readonly sorts?: boolean | undefined;
  /** false: one call an answer. */
  readonly several: boolean;
  /** The number of the first call, where calls are numbered. */
  readonly firstIndex: number;
}

/** How values within arguments are written: Python's `{'a': [1, True]}`, Gemma's `{a:[1,true]}`. */
export interface Notation extends JsonSpacing {
  readonly quote: string;
  /** Around the names of members. */
  readonly keyQuote: string;
  readonly true: string;
  readonly false: string;
  readonly null: string;
}

/** As Python's `repr`. */
export const pythonNotation: Notation = {
  comma: ", ",
  colon: ": ",
  quote: "'",
  keyQuote: "'",
  true: "True",
  false: "False",
  null: "None",
};

export interface JsonSpacing {
  readonly comma: string;
  readonly colon: string;
}

/** As Python's `json.dumps`, and so most templates, space it. */
export const usualSpacing: JsonSpacing = { comma: ", ", colon: ": " };

/** A text as it stands, or a place for a tool's name, a call's id, a call's number or an argument's name. */
export type Piece = string | Slot;

export interface Slot {
  readonly slot: "name" | "id" | "index" | "key";
}

export type ArgumentForm =
  /** One JSON object. */
  | { readonly kind: "json" }
  /** Each argument between tags of its own: `open` name `between` value `close`. */
  | TaggedArguments
  /** `name=value, name=value`: texts between quotes, all else as JSON or as Python has it. */
  | InlineArguments;

export interface TaggedArguments {
  readonly kind: "tagged";
  readonly open: string;
  /** What stands between name and value, by the value's type where the template says that. */
  readonly between: Readonly<Record<ValueType, string>>;
  readonly close: readonly Piece[];
  readonly style: ValueStyle;
}

export interface InlineArguments {
  readonly kind: "inline";
  readonly between: string;
  readonly separator: string;
  readonly quote: string;
  /** Whether a backslash in a text stands for more than itself, as in Python. */
  readonly escapes: boolean;
  readonly style: ValueStyle;
}

export const valueTypes = ["string", "number", "boolean", "null", "object", "array"] as const;
export type ValueType = (typeof valueTypes)[number];

/** How values other than texts are written: `true` or `True`. */
export type ValueStyle = "json" | "python";
