import {
  PromptEnd,
  ToolChoiceMode,
  type ChatRequest,
  type Reasoning,
} from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { PromptPart } from "../engine.ts";
import { MediaMarks, showParts } from "./media/media-marks.ts";
import { createCallId } from "./tool-calls/call-id.ts";
import { parseChatMessages, parseChatTools, type ChatTool } from "./chat-messages.ts";
import { templateKwargs, type TemplateVariables } from "./template/template-kwargs.ts";
import { continueLastMessage } from "./template/continue-last-message.ts";
import type { ToolParser } from "./tool-calls/parsers/tool-parser.ts";
import { type ChatParser, withoutText } from "./stream/chat-parser.ts";
import type { ReasoningTags } from "./stream/read-reasoning.ts";
import {
  choosePromptWriters,
  templateWriter,
  type PromptWarning,
  type PromptWriter,
  type WriterOptions,
} from "./prompt-writer.ts";

/** Turns chat requests into prompts for one model. */
export interface ChatPrompter {
  /** Where the format comes from: `chat_format vicuna`, `template in the GGUF`, … */
  readonly source: string;
  /** What the operator should know of how prompts are made; undefined: all is as it should be. */
  readonly warning: PromptWarning | undefined;
  /** Whether the model's own template has a place for reasoning. */
  readonly reasons: boolean;
  /** Throws INVALID_PARAMETER, with the field's path, on what the model's format cannot show. */
  prompt(request: PromptRequest): ChatPrompt;
  /** What of that does not depend on the messages. */
  format(request: PromptRequest): ChatPromptFormat;
}

/** How an answer is written, by the request's template or the model's. */
export type ChatPromptFormat = Pick<ChatPrompt, "toolParser" | "tools" | "reasoning">;

/** What the grammar of an answer depends on. */
export type AnswerPrompt = ChatPromptFormat & Pick<ChatPrompt, "reasoningOpen">;

/** The fields of a ChatRequest that the prompt depends on. */
export type PromptRequest = Pick<
  ChatRequest,
  | "messages"
  | "tools"
  | "toolChoice"
  | "chatTemplate"
  | "chatTemplateKwargs"
  | "chatTemplateKwargsJson"
  | "reasoning"
  | "promptEnd"
>;

export interface ChatPrompt {
  /** To be tokenized with addSpecial and parseSpecial: it has no BOS in front where tokenizing adds one. */
  readonly parts: readonly PromptPart[];
  /** The same as one text, in which `<__media__>` stands for each picture and sound. */
  readonly prompt: string;
  /** Texts that end the answer, beside the request's own. */
  readonly stop: readonly string[];
  readonly toolParser: ToolParser;
  /** The tools that the model may call: the request's, those that its choice allows, or none. */
  readonly tools: readonly ChatTool[];
  /** undefined: the model does not think aloud. */
  readonly reasoning: ReasoningTags | undefined;
  /** The prompt has already begun the reasoning. */
  readonly reasoningOpen: boolean;
  /** For GenerateJob.keepSpecial: the parser reads markers that are control tokens. */
  readonly keepSpecial: boolean;
  /** A parser for one choice's output. */
  createParser(): ChatParser;
}

export interface ChatPrompterOptions extends WriterOptions {
  /** Whether tokenizing with addSpecial puts a BOS in front. */
  readonly addsBos: boolean;
  /** Makes ids for tool calls; unset: random ones. */
  readonly newCallId?: (() => string) | undefined;
}

// Half a second: a template of a caller must not hold up all others for longer.
const maxRequestSteps = 1_000_000;

/**
 * The order: a request's chat_template, the chat_format setting, the chat_template setting, the GGUF's templates, and
 * chatml with a warning when there is none that can be read. Throws INVALID_PARAMETER when the chat_template setting is
 * not valid Jinja.
 */
export function createChatPrompter(options: ChatPrompterOptions): ChatPrompter {
  const { addsBos, bosToken, newCallId = createCallId } = options;
  const { source, warning, plain, withTools } = choosePromptWriters(options);
  // A client that brings a template mostly brings the same one again.
  let last: { readonly source: string; readonly writer: PromptWriter } | undefined;
  const ownWriter = (own: string | undefined): PromptWriter | undefined => {
    if (own === undefined) return undefined;
    if (last?.source !== own)
      last = { source: own, writer: templateWriter(own, { ...options, maxSteps: maxRequestSteps }) };
    return last.writer;
  };
  const choose = (request: PromptRequest) => {
    const shown = isToolChoiceNone(request) ? [] : parseChatTools(request.tools);
    const tools = callableTools(shown, request);
    return { shown, tools, writer: ownWriter(request.chatTemplate) ?? (shown.length === 0 ? plain : withTools) };
  };
  return {
    source,
    warning,
    reasons: plain.isTemplate && plain.reasoning !== undefined,
    format(request) {
      const { tools, writer } = choose(request);
      return { tools, toolParser: writer.toolParser, reasoning: writer.reasoning };
    },
    prompt(request) {
      const marks = new MediaMarks();
      const messages = parseChatMessages(request.messages, marks);
      const { shown, tools, writer } = choose(request);
      const { toolParser, reasoning, stop } = writer;
      const variables = { ...reasoningVariables(request.reasoning), ...templateKwargs(request) };
      const write = (these: typeof messages) => {
        return writer.write({
          messages: these,
          tools: shown,
          variables,
          opensTurn: request.promptEnd !== PromptEnd.CLOSED,
        });
      };
      const { text, inReasoning } =
        request.promptEnd === PromptEnd.CONTINUE
          ? continueLastMessage(messages, { write, reasoning })
          : { text: write(messages), inReasoning: false };
      const parts = marks.split(addsBos ? withoutPrefix(text, bosToken) : text);
      const prompt = showParts(parts);
      const reasoningOpen = reasoning !== undefined && (inReasoning || prompt.trimEnd().endsWith(reasoning.start));
      return {
        parts,
        prompt,
        stop,
        toolParser,
        tools,
        reasoning,
        reasoningOpen,
        keepSpecial: toolParser.keepSpecial && (shown.length > 0 || reasoning !== undefined),
        createParser: () => {
          const parser = toolParser.createParser({ tools, reasoning, reasoningOpen, newCallId });
          return isCallForced(request) ? withoutText(parser) : parser;
        },
      };
    },
  };
}

/** Whether the answer can be nothing but calls, of any tool or of a named one. */
export function isCallForced({ toolChoice }: Pick<PromptRequest, "toolChoice">): boolean {
  const choice = toolChoice?.choice;
  return choice?.case === "name" || (choice?.case === "mode" && choice.value === ToolChoiceMode.REQUIRED);
}

function isToolChoiceNone({ toolChoice }: PromptRequest): boolean {
  return toolChoice?.choice.case === "mode" && toolChoice.choice.value === ToolChoiceMode.NONE;
}

/** Those of the tools that a call may be of, where the choice allows only some. */
function callableTools(shown: readonly ChatTool[], { toolChoice }: PromptRequest): readonly ChatTool[] {
  const allowed = toolChoice?.allowed ?? [];
  return allowed.length === 0 ? shown : shown.filter(({ name }) => allowed.includes(name));
}

/** The names that templates give to thinking and its effort. An effort asks for thinking, unless it is none. */
function reasoningVariables(reasoning: Reasoning | undefined): TemplateVariables {
  const effort = reasoning?.effort;
  const enabled = reasoning?.enabled ?? (effort === undefined ? undefined : effort !== "none");
  return {
    ...(enabled !== undefined && { enable_thinking: enabled, thinking: enabled }),
    ...(effort !== undefined && effort !== "none" && { reasoning_effort: effort }),
    ...(reasoning?.budgetTokens !== undefined && { thinking_budget: reasoning.budgetTokens }),
  };
}

function withoutPrefix(text: string, prefix: string): string {
  return prefix !== "" && text.startsWith(prefix) ? text.slice(prefix.length) : text;
}
