/**
 * Why a template cannot be read or rendered.
 * - syntax: it is not valid Jinja;
 * - runtime: an expression fails, as in Python (a type, a key, an undefined value);
 * - refusal: it called raise_exception, the message is the template author's;
 * - overrun: it was stopped because it runs too long, writes too much or nests too deep.
 */
export type JinjaErrorKind = "syntax" | "runtime" | "refusal" | "overrun";

/** A fault of a template; `line` is the template's line, counted from 1, once it is known. */
export class JinjaError extends Error {
  readonly kind: JinjaErrorKind;
  line: number | undefined;

  constructor(kind: JinjaErrorKind, message: string, line?: number) {
    super(message);
    this.kind = kind;
    this.line = line;
  }
}

export function runtimeError(message: string): JinjaError {
  return new JinjaError("runtime", message);
}
