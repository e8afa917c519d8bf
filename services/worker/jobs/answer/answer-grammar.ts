import { ErrorReason, invalidParameter, RpcError } from "../../../../clients/errors.ts";
import { PromptEnd, ToolChoiceMode, type ChatRequest } from "../../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { Grammar } from "../../../engine/engine.ts";
import { createGrammarBuilder, type GrammarBuilder } from "../../../engine/schema/gbnf/grammar-builder.ts";
import type { ChatTool } from "../../../engine/text/chat-messages.ts";
import type { AnswerPrompt } from "../../../engine/text/chat-prompt.ts";
import { templateKwargs } from "../../../engine/text/template/template-kwargs.ts";
import { afterReasoning } from "../../../engine/text/tool-calls/reasoning-grammar.ts";
import { createToolGrammar, type ToolGrammarOptions } from "../../../engine/text/tool-calls/tool-grammar.ts";
import { formatParam, notingRules, toolParam } from "./answer-schemas.ts";
import { addAnswer, type AnswerGrammar } from "./response-grammar.ts";

/**
 * What a chat's answer is held to while it is generated; undefined: nothing.
 * 1. A call is required, of any tool or of the named one → calls.
 * 2. A grammar of the request's own → that.
 * 3. JSON, a text that matches a pattern, or one of several texts is wanted → that; or calls, where there are tools.
 * 4. Tools may be called → free text, but what begins as a call is one, with arguments as its schema has them.
 * 5. Else nothing.
 * In 1 and 3 the model may think first, unless it was told not to. What no grammar can enforce of a schema is told, and
 * with `strict` it is INVALID_PARAMETER, as is every schema that is malformed; only a tool that the model need not call
 * and that is not strict gets any arguments then.
 */
export function answerGrammar(request: ChatRequest, prompt: AnswerPrompt): AnswerGrammar {
  const strict = new Set(request.tools.flatMap((tool, i) => (tool.strict === true ? [toolParam(i)] : [])));
  const format = request.responseFormat?.format;
  if (format?.case === "jsonSchema" && format.value.strict === true) strict.add(formatParam);
  const isForced = toolOptions(request, prompt).choice === "required";
  // A call that is forced is one that the template would write; a model left free may space it as it likes.
  const { rules, unenforced } = notingRules(
    createGrammarBuilder(isForced ? prompt.toolParser.syntax.spacing : undefined),
    {
      isStrict: (param) => strict.has(param),
      isOptional: (param) => !isForced && param !== formatParam,
    },
  );
  const grammar = grammarOf(request, prompt, rules);
  return { grammar, unenforced };
}

function grammarOf(request: ChatRequest, wholePrompt: AnswerPrompt, rules: GrammarBuilder): Grammar | undefined {
  checkToolChoice(request);
  const prompt = isToldNotToThink(request, wholePrompt) ? { ...wholePrompt, reasoning: undefined } : wholePrompt;
  const format = request.responseFormat?.format.case === undefined ? undefined : request.responseFormat;
  const options = toolOptions(request, prompt);
  const { tools } = options;
  if (options.choice === "required") {
    if (format === undefined) return createToolGrammar(rules, options); // 1
    throw unsupported("response_format cannot be combined with a tool_choice that forces a call");
  }
  if (format?.format.case === "gbnf") {
    if (tools.length > 0) throw unsupported("a grammar cannot be combined with tools: set tool_choice to none");
    if (prompt.reasoningOpen) throw unsupported("a grammar cannot be used where the model thinks first");
    return { gbnf: format.format.value }; // 2
  }
  if (format !== undefined) {
    const content = addAnswer(rules, format);
    // Families that mark up every answer mark this one too, unless it is already begun.
    const textPrefix = request.promptEnd === PromptEnd.CONTINUE ? undefined : prompt.toolParser.textPrefix;
    const answer = textPrefix === undefined ? content : `${rules.literal(textPrefix)} ${content}`;
    const ways = tools.length === 0 ? answer : `(${answer} | ${addCalls(rules, options)})`;
    rules.addRule("root", afterReasoning(rules, ways, prompt));
    return { gbnf: rules.toString() }; // 3
  }
  if (tools.length === 0) return undefined; // 5
  const grammar = createToolGrammar(rules, options); // 4
  if (grammar === undefined && request.toolChoice?.allowed.length) {
    throw refused(
      "tool_choice",
      "there are too many tools to restrict the answer to the allowed ones: send only those that may be called",
    );
  }
  return grammar;
}

/** A prompt that has begun the thinking all the same needs its end. */
function isToldNotToThink(request: ChatRequest, { reasoningOpen }: AnswerPrompt): boolean {
  return (
    !reasoningOpen && (request.reasoning?.enabled === false || templateKwargs(request)["enable_thinking"] === false)
  );
}

function toolOptions(request: ChatRequest, prompt: AnswerPrompt): ToolGrammarOptions {
  const { toolChoice, parallelToolCalls } = request;
  const { toolParser, tools, reasoning, reasoningOpen } = prompt;
  const paramOf = (tool: ChatTool) => toolParam(request.tools.findIndex(({ name }) => name === tool.name));
  const shared = { syntax: toolParser.syntax, reasoning, reasoningOpen, paramOf };
  const choice = toolChoice?.choice;
  if (choice?.case === "name") {
    // Who names a tool wants one call of it; free to go on, a small model never stops.
    const named = tools.filter(({ name }) => name === choice.value);
    return { ...shared, tools: named, choice: "required", parallel: false };
  }
  const required = choice?.case === "mode" && choice.value === ToolChoiceMode.REQUIRED;
  return { ...shared, tools, choice: required ? "required" : "auto", parallel: parallelToolCalls !== false };
}

/** Adds the rules of an answer that is calls, as one way of several, under a name of its own in the place of `root`. */
function addCalls(rules: GrammarBuilder, options: ToolGrammarOptions): string {
  const addRule: GrammarBuilder["addRule"] = (name, body) => rules.addRule(name === "root" ? "calls" : name, body);
  createToolGrammar({ ...rules, addRule }, { ...options, choice: "required", reasoning: undefined });
  return "calls";
}

function checkToolChoice({ tools, toolChoice }: ChatRequest): void {
  const choice = toolChoice?.choice;
  if (choice?.case === "name" && !tools.some(({ name }) => name === choice.value)) {
    const message = `tool_choice names ${JSON.stringify(choice.value)}, which is none of the tools`;
    throw invalidParameter("tool_choice", message);
  }
  if (choice?.case === "mode" && choice.value === ToolChoiceMode.REQUIRED && tools.length === 0) {
    throw invalidParameter("tool_choice", "tool_choice is required, but there are no tools");
  }
  checkAllowed(tools, toolChoice);
}

function checkAllowed(tools: ChatRequest["tools"], toolChoice: ChatRequest["toolChoice"]): void {
  const { choice, allowed = [] } = toolChoice ?? {};
  if (allowed.length === 0) return;
  const isChoice = choice?.case === "mode" && choice.value !== ToolChoiceMode.NONE;
  if (!isChoice) throw invalidParameter("tool_choice", "tool_choice allows some tools with mode auto or required only");
  const names = new Set(tools.map(({ name }) => name));
  const stranger = allowed.find((name) => !names.has(name));
  if (stranger === undefined) return;
  throw invalidParameter("tool_choice", `tool_choice allows ${JSON.stringify(stranger)}, which is none of the tools`);
}

function unsupported(message: string): RpcError {
  return refused("response_format", message);
}

function refused(param: string, message: string): RpcError {
  return new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param });
}
