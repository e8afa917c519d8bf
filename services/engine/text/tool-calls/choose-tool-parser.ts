import type { ChatTemplate } from "../template/chat-template.ts";
import { RpcError } from "../../../../clients/errors.ts";
import { createDerivedParser, derivedSyntax } from "./derived/derived-tool-parser.ts";
import type { ChatTool } from "../chat-messages.ts";
import type { ReasoningTags } from "../stream/read-reasoning.ts";
import { deriveReasoning } from "./derived/derive-reasoning.ts";
import { derivationTools, deriveCallForm, type RenderCalls } from "./derived/derive-call-form.ts";
import type { CallForm } from "./derived/call-form.ts";
import { detectReasoning, detectToolParser } from "./parsers/detect-tool-parser.ts";
import { generic } from "./parsers/generic.ts";
import { knownForm } from "./known-forms.ts";
import type { ToolParser } from "./parsers/tool-parser.ts";

export interface ChosenToolParser {
  readonly toolParser: ToolParser;
  /** The form of calls, if it is one that can be derived; undefined: the parser's own. */
  readonly form: CallForm | undefined;
}

/**
 * How a template's models write calls: read from what the template writes itself, with parsers written by hand only for
 * forms that this does not show (detect-tool-parser.ts), else by marks of models whose templates write no calls.
 */
export function chooseToolParser(source: string, template: ChatTemplate): ChosenToolParser {
  const byHand = detectToolParser(source);
  const form = template.writesCalls ? deriveCallForm(rendering(template, derivationTools)) : undefined;
  if (byHand !== undefined) {
    const syntax =
      form === undefined || byHand.ownSyntax === true ? byHand.syntax : { ...byHand.syntax, ...derivedSyntax(form) };
    return { toolParser: { ...byHand, syntax }, form };
  }
  const known = form ?? (template.describesTools ? knownForm(source) : undefined);
  return { toolParser: known === undefined ? generic : createDerivedParser(known, bareMarkers(source)), form: known };
}

/** Llama's models may write this before a call, which their templates only read. */
function bareMarkers(source: string): readonly string[] {
  return source.includes("<|python_tag|>") ? ["<|python_tag|>"] : [];
}

/** The tags around reasoning: those that the template writes, else those that its source names. */
export function chooseReasoning(source: string, template: ChatTemplate): ReasoningTags | undefined {
  return deriveReasoning(rendering(template, [])) ?? detectReasoning(source);
}

function rendering(template: ChatTemplate, tools: readonly ChatTool[]): RenderCalls {
  return (messages, { opensTurn }) => {
    try {
      return template.render({ messages, tools, variables: {}, addGenerationPrompt: opensTurn });
    } catch (error) {
      if (error instanceof RpcError) return undefined;
      throw error;
    }
  };
}
