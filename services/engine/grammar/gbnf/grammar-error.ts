/** Where something stands in a grammar's text, counted from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Why a grammar cannot be used: a message for its author, which names the place where there is one. */
export class GrammarError extends Error {
  constructor(message: string, place?: Place) {
    super(place === undefined ? message : `line ${place.line}, column ${place.column}: ${message}`);
    this.name = "GrammarError";
  }
}

/** The line and column of an offset (in UTF-16 units) in a text. */
export function placeAt(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = Math.max(before.lastIndexOf("\n"), before.lastIndexOf("\r")) + 1;
  const lines = before.match(/\r\n|\r|\n/g)?.length ?? 0;
  return { line: lines + 1, column: offset - lineStart + 1 };
}
