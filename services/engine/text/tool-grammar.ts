import type { Grammar } from "../engine.ts";
import type { ChatTool } from "./chat-messages.ts";
import type { ToolSyntax } from "./families/chat-family.ts";
import { afterThinking, type GrammarRules, type ThinkingState } from "./thinking-grammar.ts";

export interface ToolGrammarOptions extends ThinkingState {
  readonly syntax: ToolSyntax;
  readonly tools: readonly ChatTool[];
  /** auto: the model decides, and what it begins as a call becomes a valid one; required: the answer is calls. */
  readonly choice: "auto" | "required";
  /** false: one call at most. */
  readonly parallel: boolean;
  /** The request's field that holds the schema of a tool. */
  readonly paramOf: (tool: ChatTool) => string;
}

/**
 * A grammar for calls of `tools` in a family's syntax, with arguments by the tools' schemas; for a choice of one tool
 * by name, give that one. undefined: the family cannot tell the beginning of a call from text, so that "auto" leaves the
 * model alone. `rules` is a grammar without rules so far; what it refuses of a schema it throws.
 */
export function createToolGrammar(rules: GrammarRules, options: ToolGrammarOptions): Grammar | undefined {
  const { syntax, choice, parallel } = options;
  if (choice === "auto" && syntax.trigger === undefined) return undefined;
  const calls = addCalls(rules, options, parallel && syntax.maxCalls !== 1);
  if (choice === "auto" && syntax.trigger !== undefined) {
    rules.addRule("root", calls);
    return { gbnf: rules.toString(), trigger: syntax.trigger };
  }
  rules.addRule("root", afterThinking(rules, calls, options));
  return { gbnf: rules.toString() };
}

function addCalls(
  rules: GrammarRules,
  { syntax, tools, paramOf }: Pick<ToolGrammarOptions, "syntax" | "tools" | "paramOf">,
  several: boolean,
): string {
  const ways = tools.map((tool) => {
    const { before, after } = syntax.call(tool.name);
    const schema = tool.parameters ?? { type: "object" };
    const argumentsRule = rules.addSchema(schema, `${tool.name}-arguments`, { param: paramOf(tool) });
    return sequence(text(before), argumentsRule, text(after));
  });
  const call = rules.addRule("tool-call", ways.join(" | "));
  const more = several ? `(${sequence(text(syntax.separator), call)})*` : "";
  return sequence(text(syntax.prefix), call, more, text(syntax.suffix));

  function text(literal: string): string {
    return literal === "" ? "" : rules.literal(literal);
  }
}

function sequence(...terms: readonly string[]): string {
  return terms.filter((term) => term !== "").join(" ");
}
