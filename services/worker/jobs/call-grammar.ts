import type { ChatTool } from "../../engine/text/chat-messages.ts";
import type { ToolSyntax } from "../../engine/text/families/chat-family.ts";
import type { GrammarBuilder } from "../../engine/schema/grammar-builder.ts";

export interface CallRules {
  readonly syntax: ToolSyntax;
  /** The tools that may be called, each with its place in the request. */
  readonly tools: readonly { readonly tool: ChatTool; readonly index: number }[];
  /** Most calls in one answer. */
  readonly maxCalls: number;
}

/**
 * Adds the rules for an answer that is nothing but calls of these tools, in the text form of the model's family, with
 * arguments as each tool's schema has them; gives the name of the rule for all of it. Throws INVALID_PARAMETER for
 * `tools[i].function.parameters` on a schema that cannot be enforced.
 */
export function addCalls(grammar: GrammarBuilder, { syntax, tools, maxCalls }: CallRules): string {
  const calls = tools.map(({ tool, index }) => {
    const { before, after } = syntax.call(tool.name);
    return `${grammar.literal(before)} ${addArguments(grammar, tool, index)} ${grammar.literal(after)}`;
  });
  const call = grammar.addRule("call", calls.join(" | "));
  const more =
    Math.min(maxCalls, syntax.maxCalls ?? Infinity) > 1 ? `(${grammar.literal(syntax.separator)} ${call})*` : "";
  return grammar.addRule(
    "calls",
    `${grammar.literal(syntax.prefix)} ${call} ${more} ${grammar.literal(syntax.suffix)}`,
  );
}

function addArguments(grammar: GrammarBuilder, { parameters }: ChatTool, index: number): string {
  // A tool that describes no arguments may be given any: its author knows what it does with them.
  if (parameters === undefined) return grammar.addJson("json-object");
  return grammar.addSchema(parameters, `arguments-${index}`, { param: `tools[${index}].function.parameters` });
}
