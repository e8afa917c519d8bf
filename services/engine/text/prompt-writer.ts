import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import { chatFormats, type ChatFormatName } from "./chat-formats/chat-formats.ts";
import type { ChatMessage, ChatTool } from "./chat-messages.ts";
import { compileChatTemplate, type ChatTemplate, type TemplateOptions } from "./template/chat-template.ts";
import type { TemplateVariables } from "./template/template-kwargs.ts";
import type { ToolParser } from "./tool-calls/parsers/tool-parser.ts";
import { generic } from "./tool-calls/parsers/generic.ts";
import { chooseReasoning, chooseToolParser, type ChosenToolParser } from "./tool-calls/choose-tool-parser.ts";
import type { ReasoningTags } from "./stream/read-reasoning.ts";
import { describeTools } from "./tool-calls/tool-prompt.ts";

/** One way to write prompts, a named format or a template, with how its models answer. */
export interface PromptWriter {
  /** Whether a Jinja template writes, rather than a named format, which says nothing of reasoning. */
  readonly isTemplate: boolean;
  /** Texts that end the answer. */
  readonly stop: readonly string[];
  readonly toolParser: ToolParser;
  readonly reasoning: ReasoningTags | undefined;
  /** The prompt's text. Throws INVALID_PARAMETER on messages that a template refuses. */
  write(input: WriterInput): string;
}

export interface WriterOptions extends TemplateOptions {
  /** The model's chat_format setting: goes before its templates. */
  readonly chatFormat?: ChatFormatName | undefined;
  /** The model's chat_template setting: Jinja in the place of the GGUF's. */
  readonly chatTemplate?: string | undefined;
  /** The model's templates by name; "" is the default one, "tool_use" the one for requests with tools. */
  readonly templates: Readonly<Record<string, string>>;
  /** Where they come from, in words. Unset: from the GGUF. */
  readonly templatesFrom?: string | undefined;
}

export interface WriterInput {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ChatTool[];
  /** For templates; named formats have none. */
  readonly variables: TemplateVariables;
  /** Whether the prompt ends with the opening of the model's turn. */
  readonly opensTurn: boolean;
}

export interface ChosenWriters {
  readonly source: string;
  readonly warning: PromptWarning | undefined;
  readonly plain: PromptWriter;
  readonly withTools: PromptWriter;
}

/** error: the model's own template cannot be used; warn: there is none; info: it leaves something to be said in words. */
export interface PromptWarning {
  readonly level: "error" | "warn" | "info";
  readonly text: string;
}

/** Chooses how a model's prompts are written: see createChatPrompter. */
export function choosePromptWriters(options: WriterOptions): ChosenWriters {
  const { chatFormat, chatTemplate, templates, templatesFrom = "the GGUF" } = options;
  if (chatFormat !== undefined) return chosen(`chat_format ${chatFormat}`, formatWriter(chatFormat));
  if (chatTemplate !== undefined) return chosen("chat_template in the settings", templateWriter(chatTemplate, options));
  const source = templates[""];
  const toolSource = templates["tool_use"];
  if (source === undefined) return chatml("warn", "the model has no chat template");
  try {
    const plain = templateWriter(source, options);
    const withTools = toolSource === undefined ? plain : templateWriter(toolSource, options);
    if (plain.fault !== undefined) {
      return chatml("error", `the model's chat template fails on the simplest conversation: ${plain.fault}`);
    }
    return { source: `template in ${templatesFrom}`, warning: toolsWarning(withTools), plain, withTools };
  } catch (error) {
    if (error instanceof RpcError) return chatml("error", `the model's chat template cannot be used: ${error.message}`);
    throw error;
  }
}

export interface TemplateWriter extends PromptWriter, Pick<ChatTemplate, "fault"> {
  /** Whether tools, or calls of them, are said in words, for want of a place in the template. */
  readonly tellsTools: boolean;
}

/** Compiles a template. Throws INVALID_PARAMETER for `chat_template`. */
export function templateWriter(source: string, options: TemplateOptions): TemplateWriter {
  const template = compileChatTemplate(source, options);
  let chosen: ChosenToolParser | undefined;
  // It takes some renderings, and requests without tools do without.
  const choose = () => (chosen ??= chooseToolParser(source, template));
  return {
    fault: template.fault,
    tellsTools: !(template.describesTools && template.writesCalls),
    isTemplate: true,
    stop: [],
    get toolParser() {
      return choose().toolParser;
    },
    reasoning: chooseReasoning(source, template),
    write: ({ messages, tools, variables, opensTurn }) => {
      const { describesTools, writesCalls, showsResults } = template;
      const hasTools = tools.length > 0 || messages.some(({ toolCalls }) => toolCalls.length > 0);
      const told = describeTools(messages, tools, {
        form: hasTools && !(describesTools && writesCalls) ? choose().form : undefined,
        describes: !describesTools,
        calls: writesCalls ? "none" : describesTools ? "untold" : "all",
        results: !writesCalls && !showsResults,
      });
      return template.render({
        messages: told,
        tools: describesTools || writesCalls ? tools : [],
        variables,
        addGenerationPrompt: opensTurn,
      });
    },
  };
}

function formatWriter(name: ChatFormatName): PromptWriter {
  const format = chatFormats[name];
  return {
    isTemplate: false,
    stop: format.stop,
    toolParser: generic,
    // A format says nothing of reasoning, but a model that opens its answer with this tag means it.
    reasoning: { start: "<think>", end: "</think>" },
    write: ({ messages, tools, opensTurn }) => {
      if (opensTurn) return format.write(describeTools(messages, tools));
      const message = `chat_format ${name} always opens the model's turn: add_generation_prompt cannot be false`;
      throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param: "add_generation_prompt" });
    },
  };
}

function toolsWarning({ tellsTools }: { readonly tellsTools: boolean }): PromptWarning | undefined {
  if (!tellsTools) return undefined;
  return {
    level: "info",
    text: "the chat template cannot write tools and tool calls completely, so they are described in words",
  };
}

function chosen(source: string, writer: PromptWriter, warning?: PromptWarning): ChosenWriters {
  return { source, warning, plain: writer, withTools: writer };
}

function chatml(level: PromptWarning["level"], reason: string): ChosenWriters {
  const text = `${reason}, so prompts are written as chatml; chat_format or chat_template chooses another way`;
  return chosen("chatml, as there is no template", formatWriter("chatml"), { level, text });
}
