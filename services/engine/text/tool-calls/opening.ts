/** How calls are told from text in answers that may be either. Patterns are those of JSON Schema, without anchors. */
export interface Opening {
  /** What stands at the beginning of a call of one of these tools, and in no text. */
  readonly marks: (names: readonly string[]) => string;
  /** What an answer so far must end with for a call to begin there; unset: one may begin anywhere. */
  readonly place?: string;
  /** Answers are seen as if they stood behind this. */
  readonly after?: string;
}

/** Calls that begin with one of these texts, and nothing else does. */
export function markedBy(...texts: readonly string[]): Opening {
  return { marks: () => oneOf(texts) };
}

/** A pattern for any of these texts. */
export function oneOf(texts: readonly string[]): string {
  return `(?:${texts.map((text) => text.replaceAll(/[.^$|()[\]{}*+?\\/]/g, String.raw`\$&`)).join("|")})`;
}
