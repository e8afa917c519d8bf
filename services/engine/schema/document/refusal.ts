/** Where in the schema something is, as a JSON pointer without the leading `#`: `/properties/a/pattern`, or "". */
export type Pointer = string;

/**
 * A schema that cannot be compiled. Thrown inside this folder only: `createGrammarBuilder` turns it into the caller's
 * RpcError, because only there is the name of the request's field known.
 */
export class SchemaRefusal extends Error {
  readonly pointer: Pointer;

  constructor(pointer: Pointer, message: string) {
    super(message);
    this.name = "SchemaRefusal";
    this.pointer = pointer;
  }
}

/** `parent` and a key below it, escaped as RFC 6901 says. */
export function pointerTo(parent: Pointer, ...keys: readonly (string | number)[]): Pointer {
  return keys.reduce<string>(
    (pointer, key) => `${pointer}/${String(key).replaceAll("~", "~0").replaceAll("/", "~1")}`,
    parent,
  );
}

/** A value for a message: as JSON, cut to a readable length. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

/**
 * Called with what a schema asks for and the grammar cannot enforce. Where that is not let pass it throws; else it is
 * noted, and the grammar goes without: wider than the schema there.
 */
export type OnUnenforced = (pointer: Pointer, reason: string) => void;
