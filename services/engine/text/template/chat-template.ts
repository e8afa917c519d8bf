import { ErrorReason, invalidParameter, RpcError } from "../../../../clients/errors.ts";
import type { ChatMessage, ChatTool } from "../chat-messages.ts";
import { parseJinja } from "./jinja.ts";
import { runTemplate, TemplateOverrun, TemplateRefusal } from "./template-interpreter.ts";
import { templateMessages, templateTools, type TemplateShape } from "./template-messages.ts";
import { probeTemplateShape } from "./template-shape.ts";

// A conversation of 200 messages takes the greediest templates that we know half a million.
const defaultMaxSteps = 20_000_000;
const maxProbeSteps = 100_000;

/** A model's own chat template, ready to render. */
export interface ChatTemplate {
  /** false: it fails even on one user message, so that any other way to write prompts is better. */
  readonly works: boolean;
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
  /** Variables of every rendering, which a rendering's own come over. */
  readonly kwargs?: Readonly<Record<string, unknown>> | undefined;
  /** When a rendering is given up, in nodes evaluated: about two million a second. */
  readonly maxSteps?: number | undefined;
  /** For templates that write the date; unset: the clock. */
  readonly now?: (() => Date) | undefined;
}

/**
 * Parses Jinja and tries out what the template takes (template-shape.ts); for a request's template this is the price of
 * some ten small renderings. Throws INVALID_PARAMETER for `chat_template`.
 */
export function compileChatTemplate(source: string, options: TemplateOptions): ChatTemplate {
  const program = parse(source);
  const { bosToken, eosToken, kwargs, maxSteps = defaultMaxSteps, now = () => new Date() } = options;

  function run(input: TemplateInput, shape: TemplateShape, steps: number): string {
    const { messages, tools, variables, addGenerationPrompt } = input;
    const all = {
      ...kwargs,
      ...variables,
      messages: templateMessages(messages, shape),
      tools: tools.length === 0 ? shape.noTools : templateTools(tools),
      // Transformers defines it, so templates ask whether it is none.
      documents: null,
      add_generation_prompt: addGenerationPrompt,
      bos_token: bosToken,
      eos_token: eosToken,
    };
    return runTemplate(program, { variables: all, now: now(), maxSteps: steps });
  }

  const probed = probeTemplateShape((messages, tools, supposed) => {
    return run({ messages, tools, variables: {}, addGenerationPrompt: true }, supposed, maxProbeSteps);
  }, source);
  return {
    works: probed !== undefined,
    supportsTools: probed?.tools !== undefined,
    render(input) {
      try {
        return run(input, probed ?? ordinaryShape, maxSteps);
      } catch (error) {
        throw templateError(error);
      }
    },
  };
}

/** For a template that failed when it was tried: a real request gets its error. */
const ordinaryShape: TemplateShape = {
  content: "text",
  system: true,
  developer: true,
  noTools: null,
  reasoningKey: "reasoning_content",
  tools: undefined,
};

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
