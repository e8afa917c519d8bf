import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import type { ChatMessage, ChatTool } from "./chat-messages.ts";
import { parseJinja } from "./jinja.ts";
import { runTemplate, TemplateOverrun, TemplateRefusal } from "./template-interpreter.ts";
import { templateMessages, templateTools, type TemplateShape } from "./template-messages.ts";
import { probeTemplateShape } from "./template-shape.ts";

/** A model's own chat template, ready to render. */
export interface ChatTemplate {
  readonly source: string;
  /** false: `tools` must be empty, and messages without calls and results (tool-prompt.ts says them in words). */
  readonly supportsTools: boolean;
  /**
   * The prompt's text, with control tokens as their texts, a BOS in front if the template writes one. Throws
   * INVALID_PARAMETER: for `messages` with the template's own words when it refuses them, for `chat_template` when
   * the template itself is at fault.
   */
  render(input: TemplateInput): string;
}

export interface TemplateInput {
  readonly messages: readonly ChatMessage[];
  readonly tools: readonly ChatTool[];
  /** Variables beyond the ones that every template gets, which they cannot replace. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly addGenerationPrompt: boolean;
}

export interface TemplateOptions {
  readonly bosToken: string;
  readonly eosToken: string;
  /** For templates that write the date; unset: the clock. */
  readonly now?: (() => Date) | undefined;
}

/**
 * Parses Jinja and tries out what the template takes (template-shape.ts); for a request's template this is the price of
 * some ten small renderings. Throws INVALID_PARAMETER for `chat_template`.
 */
export function compileChatTemplate(source: string, options: TemplateOptions): ChatTemplate {
  const program = parse(source);
  const now = options.now ?? (() => new Date());

  function run(input: TemplateInput, shape: TemplateShape): string {
    const variables = {
      ...input.variables,
      messages: templateMessages(input.messages, shape),
      // Transformers defines both, so templates ask whether they are none.
      tools: input.tools.length === 0 ? null : templateTools(input.tools),
      documents: null,
      add_generation_prompt: input.addGenerationPrompt,
      bos_token: options.bosToken,
      eos_token: options.eosToken,
    };
    return runTemplate(program, variables, now());
  }

  const shape = probeTemplateShape(
    (messages, tools, supposed) => run({ messages, tools, variables: {}, addGenerationPrompt: true }, supposed),
    source,
  );
  return {
    source,
    supportsTools: shape.tools !== undefined,
    render(input) {
      try {
        return run(input, shape);
      } catch (error) {
        throw templateError(error);
      }
    },
  };
}

function parse(source: string) {
  try {
    return parseJinja(source);
  } catch (cause) {
    throw new RpcError(ErrorReason.INVALID_PARAMETER, `the chat template is not valid Jinja: ${text(cause)}`, {
      param: "chat_template",
      cause,
    });
  }
}

function templateError(error: unknown): RpcError {
  if (error instanceof TemplateRefusal) {
    return invalidParameter("messages", `the model's chat template refuses the messages: ${error.message}`);
  }
  if (error instanceof TemplateOverrun) return invalidParameter("chat_template", error.message);
  return new RpcError(ErrorReason.INVALID_PARAMETER, `the chat template fails on these messages: ${text(error)}`, {
    param: "messages",
    cause: error,
  });
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
