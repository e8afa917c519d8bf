import * as jinja from "@huggingface/jinja";
import { findJinjaUses, type JinjaUses } from "./jinja-uses.ts";

// The package's own types import "./runtime" without an extension, which TypeScript does not find from an ES module:
// this is the part that we use, typed by hand. Its version is pinned.

/** A parsed template. */
export interface JinjaProgram {
  readonly root: JinjaNode;
  readonly uses: JinjaUses;
}

/** A node of the syntax tree, as far as we look at it. */
export interface JinjaNode {
  readonly type?: string;
  /** Of a for loop: the expression that is looped over, `lhs` of it when the loop has a condition. */
  readonly iterable?: JinjaNode & { readonly lhs?: JinjaNode };
  /** Of a filter expression. */
  readonly operand?: JinjaNode;
  /** Of a filter expression: an identifier, or a call of one. */
  readonly filter?: { readonly value?: unknown; readonly callee?: { readonly value?: unknown } };
  /** Of a binary expression. */
  readonly operator?: { readonly value: string };
  readonly left?: JinjaNode;
  readonly right?: JinjaNode;
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
  run(root: JinjaNode): JinjaValue;
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
  const root = template.parsed as JinjaNode;
  return { root, uses: findJinjaUses(root) };
}
