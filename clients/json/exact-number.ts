declare global {
  interface JSON {
    /** A value that JSON.stringify writes as this text (ECMA-262, JSON.parse source text access). */
    rawJSON(text: string): unknown;
  }
}

/** A JSON number by its digits, where a double would be written in another way. */
export class ExactNumber {
  /** As it was written: a number in JSON's syntax. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** JSON.stringify writes the digits. */
  toJSON(): unknown {
    return JSON.rawJSON(this.text);
  }

  toString(): string {
    return this.text;
  }
}

/** The number that a JSON text stands for: a JavaScript number where that keeps all of it, else an ExactNumber. */
export function exactNumber(text: string): number | ExactNumber {
  const value = Number(text);
  // Exponents are left as they are: which numbers JavaScript writes with one is a rule of its own.
  return String(value) === text && !/[eE]/.test(text) ? value : new ExactNumber(text);
}
