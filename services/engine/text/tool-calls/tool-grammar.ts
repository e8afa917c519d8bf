import type { Grammar } from "../../engine.ts";
import type { ChatTool } from "../chat-messages.ts";
import type { ToolSyntax } from "./parsers/tool-parser.ts";
import { inlineTerms, taggedTerms, type ArgumentTerms } from "./argument-grammar.ts";
import type { Piece } from "./derived/call-form.ts";
import { afterReasoning, type GrammarRules, type ReasoningState } from "./reasoning-grammar.ts";

export interface ToolGrammarOptions extends ReasoningState {
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
 * by name, give that one. undefined: the tools' names are too many to tell a call of one from text, so that "auto"
 * leaves the model alone. `rules` is a grammar without rules so far; what it refuses of a schema it throws.
 */
export function createToolGrammar(rules: GrammarRules, options: ToolGrammarOptions): Grammar | undefined {
  const { syntax, choice, parallel, reasoning, reasoningOpen } = options;
  const several = parallel && syntax.maxCalls !== 1;
  if (choice === "required") {
    const gap = gapBefore(syntax, options);
    rules.addRule("root", afterReasoning(rules, addCalls(rules, options, several), { ...options, gap }));
    return { gbnf: rules.toString() };
  }
  const answer = addTextOrCalls(rules, options, several);
  if (answer === undefined) return undefined;
  const thoughtful = afterReasoning(rules, answer, options);
  // A thought without an end is an answer too, if a poor one.
  rules.addRule("root", reasoning !== undefined && reasoningOpen ? `${thoughtful} | ${answer}` : thoughtful);
  return { gbnf: rules.toString() };
}

/** The white space of a template between a thought and a call, without that which the call itself begins with. */
function gapBefore(syntax: ToolSyntax, { reasoning, tools }: ToolGrammarOptions): string | undefined {
  if (reasoning?.gap === undefined) return undefined;
  const [first = ""] = syntax.call(tools[0]?.name ?? "").before;
  const [own = ""] = /^\s*/.exec(syntax.prefix + (typeof first === "string" ? first : "")) ?? [];
  return reasoning.gap.endsWith(own) ? reasoning.gap.slice(0, reasoning.gap.length - own.length) : "";
}

/** Any text, but where a call begins, calls follow, and then the end. */
function addTextOrCalls(rules: GrammarRules, options: ToolGrammarOptions, several: boolean): string | undefined {
  const { opening, written } = options.syntax;
  const { after = "", place: ending } = opening;
  const without = opening.marks(options.tools.map(({ name }) => name));
  const text = rules.addText("text", { after, without });
  const place = ending === undefined ? text : rules.addText("place", { after, without, ending });
  if (text === undefined || place === undefined) return undefined;
  const calls = written === "freely" ? addFreeCalls(rules, options, several) : addCalls(rules, options, several, true);
  return rules.addRule("answer", place === text ? `${text} (${calls})?` : `${text} | ${place} ${calls}`);
}

type CallOptions = Pick<ToolGrammarOptions, "syntax" | "tools" | "paramOf">;

/** `free`: white space between the parts may be more or less, as models have it that are not forced. */
function addCalls(rules: GrammarRules, options: CallOptions, several: boolean, free = false): string {
  const { syntax, tools } = options;
  const { prefix, separator, suffix, firstIndex } = syntax;
  const terms = new Map<ChatTool, ArgumentTerms>();
  const first = rules.addRule("tool-call", ways(firstIndex));
  const isNumbered = tools.some(({ name }) => syntax.call(name).before.some((piece) => typeof piece !== "string"));
  const next = several && isNumbered ? rules.addRule("next-call", ways(undefined)) : first;
  const between = free && separator.trim() === "" ? String.raw`[ \n]{0,4}` : text(separator);
  const more = several ? `(${sequence(between, next)})*` : "";
  return sequence(text(free ? prefix.trimStart() : prefix), first, more, text(suffix));

  function ways(index: number | undefined): string {
    const trimStart = free && prefix.trim() === "";
    return tools
      .map((tool) => callTerm(rules, tool, { ...options, index, trimStart, arguments: argumentsOf(tool) }))
      .join(" | ");
  }

  function argumentsOf(tool: ChatTool): ArgumentTerms {
    const known = terms.get(tool) ?? argumentTerms(rules, tool, options);
    terms.set(tool, known);
    return known;
  }

  function text(literal: string): string {
    return literal === "" ? "" : rules.literal(literal);
  }
}

interface CallTermOptions extends CallOptions {
  /** The number that the call has; undefined: any. */
  readonly index: number | undefined;
  readonly trimStart: boolean;
  readonly arguments: ArgumentTerms;
}

function callTerm(rules: GrammarRules, tool: ChatTool, options: CallTermOptions): string {
  const { syntax, index, trimStart } = options;
  const call = syntax.call(tool.name);
  const pieces = (list: readonly Piece[], trimmed = false) =>
    sequence(...list.map((piece, i) => pieceTerm(rules, piece, { index, trimmed: trimmed && i === 0 })));
  const before = pieces(call.before, trimStart);
  const after = pieces(call.after);
  const { some, none } = options.arguments;
  const empty = none ? (call.empty === undefined ? sequence(before, after) : pieces(call.empty, trimStart)) : undefined;
  const full = some === undefined ? undefined : sequence(before, some, after);
  return [full, empty].filter((way) => way !== undefined).join(" | ");
}

function argumentTerms(rules: GrammarRules, tool: ChatTool, options: CallOptions): ArgumentTerms {
  const form = options.syntax.arguments ?? { kind: "json" };
  if (form.kind === "json") return { some: addArguments(rules, tool, options), none: false };
  const { notation, sorts = false } = options.syntax;
  const given = { rules, tool, param: options.paramOf(tool), notation, sorts };
  return form.kind === "tagged" ? taggedTerms(given, form) : inlineTerms(given, form);
}

function pieceTerm(
  rules: GrammarRules,
  piece: Piece,
  { index, trimmed }: { readonly index: number | undefined; readonly trimmed: boolean },
): string {
  if (typeof piece === "string") {
    const text = trimmed ? piece.trimStart() : piece;
    return text === "" ? "" : rules.literal(text);
  }
  if (piece.slot === "index") return index === undefined ? "[0-9]{1,3}" : rules.literal(String(index));
  // Nine letters and digits, as Mistral's are: no template wants another kind.
  return "[a-zA-Z0-9]{9}";
}

/** Calls as objects that a model writes unasked: with any spaces, in a list, in a fence, with a type before the name. */
function addFreeCalls(rules: GrammarRules, options: CallOptions, several: boolean): string {
  const space = rules.addRule("space", String.raw`[ \t\n]{0,20}`);
  const spaced = (...parts: readonly string[]) => parts.join(` ${space} `);
  const quoted = (value: string) => rules.literal(JSON.stringify(value));
  const type = `(${spaced(quoted("type"), `":"`, quoted("function"), `","`)} ${space})?`;
  const key = `(${quoted("arguments")} | ${quoted("parameters")})`;
  const ways = options.tools.map((tool) => {
    const name = spaced(quoted("name"), `":"`, quoted(tool.name), `","`);
    return spaced(`"{"`, `${type} ${name}`, key, `":"`, addArguments(rules, tool, options), `"}"`);
  });
  const call = rules.addRule("tool-call", ways.join(" | "));
  const more = several ? `(${space} [,;]? ${space} ${call})*` : "";
  return sequence(call, more, `(${space} "]")?`, `(${space} ${rules.literal("```")})?`);
}

function addArguments(rules: GrammarRules, tool: ChatTool, { paramOf }: CallOptions): string {
  const options = { param: paramOf(tool), only: "object" } as const;
  return rules.addSchema(tool.parameters ?? { type: "object" }, `${tool.name}-arguments`, options);
}

function sequence(...terms: readonly string[]): string {
  return terms.filter((term) => term !== "").join(" ");
}
