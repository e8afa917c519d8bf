import * as jinja from "@huggingface/jinja";

// The package's own types import "./runtime" without an extension, which TypeScript does not find from an ES module:
// this is the part that we use, typed by hand. Its version is pinned.

/** A parsed template. */
export type JinjaProgram = { readonly type: "Program" };

/** A node of the syntax tree, as far as we look at it. */
export interface JinjaNode {
  /** Of a for loop: the expression that is looped over, `lhs` of it when the loop has a condition. */
  readonly iterable?: JinjaNode & { readonly lhs?: JinjaNode };
}

/** A value within a running template, as far as we look at it. */
export interface JinjaValue {
  type: string;
  readonly value: unknown;
}

/** A scope of variables. */
export interface JinjaEnvironment {
  /** Declares a variable with a converted JavaScript value or function, and gives that. Throws when it is there already. */
  set(name: string, value: unknown): JinjaValue;
}

/** Walks the syntax tree: each node's evaluation is one call of `evaluate`. */
export interface JinjaInterpreter {
  run(program: JinjaProgram): JinjaValue;
  evaluate(node: JinjaNode | undefined, environment: unknown): JinjaValue;
}

interface JinjaRuntime {
  readonly Environment: new () => JinjaEnvironment;
  readonly Interpreter: new (environment: JinjaEnvironment) => JinjaInterpreter;
}

export const { Environment, Interpreter } = jinja as unknown as JinjaRuntime;

/** Throws a SyntaxError on what is no Jinja that the package knows. */
export function parseJinja(source: string): JinjaProgram {
  const template: { readonly parsed: unknown } = new jinja.Template(source);
  return template.parsed as JinjaProgram;
}
