import type { JinjaNode } from "./jinja.ts";

/** What is done with the values of expressions, where it matters to who evaluates them. */
export interface JinjaUses {
  /** Expressions that a loop runs over. */
  readonly loops: ReadonlySet<JinjaNode>;
  /**
   * Expressions whose value Jinja takes for something empty when it is not defined, and for what: the package refuses
   * it, but templates rely on it (`property.description | trim` with a tool that describes nothing).
   */
  readonly blanks: ReadonlyMap<JinjaNode, "" | readonly []>;
}

const textFilters = "trim upper lower title capitalize replace string safe escape indent".split(" ");
const listFilters = "list length count join selectattr rejectattr select reject map sort unique reverse items".split(
  " ",
);

/** Looks through a syntax tree once. */
export function findJinjaUses(root: JinjaNode): JinjaUses {
  const loops = new Set<JinjaNode>();
  const blanks = new Map<JinjaNode, "" | readonly []>();

  function visit(value: unknown): void {
    if (typeof value !== "object" || value === null) return;
    if (value instanceof Map) return [...value].forEach(visit);
    note(value);
    Object.values(value).forEach(visit);
  }

  function note(node: JinjaNode): void {
    const looped = node.iterable?.lhs ?? node.iterable;
    if (looped !== undefined) {
      loops.add(looped);
      blanks.set(looped, []);
    }
    if (node.type === "FilterExpression" && node.operand !== undefined) {
      const filter = node.filter?.value ?? node.filter?.callee?.value;
      if (textFilters.includes(String(filter))) blanks.set(node.operand, "");
      if (listFilters.includes(String(filter))) blanks.set(node.operand, []);
    }
    if (node.type === "BinaryExpression" && node.operator?.value === "~") {
      if (node.left !== undefined) blanks.set(node.left, "");
      if (node.right !== undefined) blanks.set(node.right, "");
    }
  }

  visit(root);
  return { loops, blanks };
}
