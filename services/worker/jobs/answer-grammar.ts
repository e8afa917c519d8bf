import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import { ToolChoiceMode, type ChatRequest } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { Grammar } from "../../engine/engine.ts";
import { createGrammarBuilder, type GrammarBuilder } from "../../engine/schema/grammar-builder.ts";
import type { ChatPrompt } from "../../engine/text/chat-prompt.ts";
import { addCalls } from "./call-grammar.ts";
import { addJsonAnswer, responseGrammar } from "./response-grammar.ts";

/**
 * What a chat's answer is held to while it is drawn; undefined: nothing.
 * 1. A call is required, of any tool or of the named one → calls from the first token on.
 * 2. A grammar of the request's own → that.
 * 3. A JSON answer is wanted → JSON; or calls, if there are tools.
 * 4. Tools may be called, and some are strict → free text, but calls as their schemas have them.
 * 5. Else nothing.
 * Where the prompt has begun the model's reasoning, 1 and 3 begin after it. Throws INVALID_PARAMETER for a schema that
 * cannot be enforced.
 */
export function answerGrammar(request: ChatRequest, prompt: ChatPrompt, maxCalls: number): Grammar | undefined {
  checkToolChoice(request);
  const { responseFormat, toolChoice } = request;
  const format = responseFormat?.format.case === undefined ? undefined : responseFormat;
  const grammar = createGrammarBuilder();
  const choice = toolChoice?.choice;
  const calls = () =>
    addCalls(grammar, {
      syntax: prompt.family.syntax,
      tools: callable(request, prompt),
      // Who names a tool wants one call of it; free to go on, a small model never stops.
      maxCalls: choice?.case === "name" ? 1 : maxCalls,
    });

  if (choice?.case === "name" || (choice?.case === "mode" && choice.value === ToolChoiceMode.REQUIRED)) {
    if (format !== undefined)
      throw unsupported("response_format cannot be combined with a tool choice that forces a call");
    return fromStart(grammar, calls(), prompt); // 1
  }
  if (format?.format.case === "gbnf") {
    if (prompt.tools.length > 0) throw unsupported("a grammar cannot be combined with tools: set tool_choice to none");
    if (prompt.thinkingOpen)
      throw unsupported("a grammar cannot be used while the model thinks first: turn reasoning off");
    return responseGrammar(format); // 2
  }
  if (format !== undefined) {
    const answer = addJsonAnswer(grammar, format);
    return fromStart(grammar, prompt.tools.length === 0 ? answer : `${answer} | ${calls()}`, prompt); // 3
  }
  const { trigger } = prompt.family.syntax;
  const strict = request.tools.some((tool) => tool.strict === true);
  if (prompt.tools.length === 0 || !strict || trigger === undefined) return undefined; // 5
  grammar.addRule("root", calls());
  return { gbnf: grammar.toString(), trigger }; // 4
}

/** A grammar for the whole answer, but for reasoning that the prompt has begun. */
function fromStart(grammar: GrammarBuilder, body: string, { thinking, thinkingOpen }: ChatPrompt): Grammar {
  if (!thinkingOpen || thinking === undefined) {
    grammar.addRule("root", body);
    return { gbnf: grammar.toString() };
  }
  // Templates put up to two line breaks between reasoning and answer.
  grammar.addRule("root", `${grammar.literal(thinking.end)} [\\n]{0,2} (${body})`);
  return { gbnf: grammar.toString(), trigger: thinking.end };
}

function callable({ toolChoice }: ChatRequest, prompt: ChatPrompt) {
  const named = toolChoice?.choice.case === "name" ? toolChoice.choice.value : undefined;
  return prompt.tools
    .map((tool, index) => ({ tool, index }))
    .filter(({ tool }) => named === undefined || tool.name === named);
}

function checkToolChoice({ tools, toolChoice }: ChatRequest): void {
  const choice = toolChoice?.choice;
  if (choice?.case === "name" && !tools.some(({ name }) => name === choice.value)) {
    throw invalidParameter(
      "tool_choice",
      `tool_choice names ${JSON.stringify(choice.value)}, which is none of the tools`,
    );
  }
  if (choice?.case === "mode" && choice.value === ToolChoiceMode.REQUIRED && tools.length === 0) {
    throw invalidParameter("tool_choice", "tool_choice is required, but there are no tools");
  }
}

function unsupported(message: string): RpcError {
  return new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param: "response_format" });
}
