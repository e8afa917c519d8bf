import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import type { ChatMessage, ChatTool } from "../chat-messages.ts";
import { JinjaError } from "./jinja/jinja-error.ts";
import { parseJinja, type JinjaTemplate } from "./jinja/jinja-template.ts";
import { strftime } from "./strftime.ts";
import { fromJson } from "./jinja/values/json/from-json.ts";
import type { TemplateVariables } from "./template-kwargs.ts";
import { asSent, templateMessages, templateTools, type TemplateShape } from "./template-messages.ts";
import { probeTemplateShape } from "./template-shape.ts";

// A conversation of 200 messages takes the greediest templates that we know half a million.
const defaultMaxSteps = 20_000_000;
const maxProbeSteps = 100_000;

/** A model's own chat template, ready to render. */
export interface ChatTemplate {
  /** Why it fails even on one user message, so that any other way to write prompts is better; undefined: it does not. */
  readonly fault: string | undefined;
  /** false: the tools have to be said in words (tool-calls/tool-prompt.ts). */
  readonly describesTools: boolean;
  /** false: calls have to be told in words, and results too unless it shows them. */
  readonly writesCalls: boolean;
  readonly showsResults: boolean;
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
  readonly variables: TemplateVariables;
  readonly addGenerationPrompt: boolean;
}

export interface TemplateOptions {
  readonly bosToken: string;
  readonly eosToken: string;
  /** Variables of every rendering, which a rendering's own come over. */
  readonly kwargs?: TemplateVariables | undefined;
  /** When a rendering is given up, in steps (jinja/budget.ts): some ten million a second. */
  readonly maxSteps?: number | undefined;
  /** For templates that write the date; unset: the clock. */
  readonly now?: (() => Date) | undefined;
}

/**
 * Parses Jinja and tries out what the template takes (template-shape.ts); for a request's template this is the price of
 * some twelve small renderings. Throws INVALID_PARAMETER for `chat_template`.
 */
export function compileChatTemplate(source: string, options: TemplateOptions): ChatTemplate {
  const program = parse(source);
  const usesFunctions = /\bfunctions\b/.test(source) && !/\btools\b/.test(source);
  const { bosToken, eosToken, kwargs, maxSteps = defaultMaxSteps, now = () => new Date() } = options;

  function run(input: TemplateInput, shape: TemplateShape, steps: number): string {
    const { messages, tools, variables, addGenerationPrompt } = input;
    const own = Object.entries({ ...kwargs, ...variables }).map(([name, value]) => [name, fromJson(value)] as const);
    const all = {
      ...(usesFunctions && functionVariables(tools, now())),
      // Transformers defines it, so templates ask whether it is none.
      documents: null,
      ...Object.fromEntries(own),
      messages: templateMessages(messages, shape),
      tools: templateTools(tools, shape),
      add_generation_prompt: addGenerationPrompt,
      bos_token: bosToken,
      eos_token: eosToken,
    };
    return program.render({ variables: all, now: now(), maxSteps: steps });
  }

  const { shape, fault } = probeTemplateShape((messages, tools, supposed) => {
    return run({ messages, tools, variables: {}, addGenerationPrompt: true }, supposed, maxProbeSteps);
  }, source);
  const sent = asSent(shape);
  return {
    fault,
    describesTools: shape.describesTools,
    writesCalls: shape.tools !== undefined,
    showsResults: shape.showsResults,
    render(input) {
      try {
        return run(input, sent, maxSteps);
      } catch (error) {
        if (!(error instanceof JinjaError)) throw error;
        if (error.kind === "overrun") throw templateError(error);
      }
      try {
        return run(input, shape, maxSteps);
      } catch (error) {
        throw error instanceof JinjaError ? templateError(error) : error;
      }
    },
  };
}

/** Firefunction's template, unlike all others, wants tools as a text of this name, and the date. */
function functionVariables(tools: readonly ChatTool[], now: Date) {
  const functions = tools.map(({ name, description, parameters }) => ({ name, description, parameters }));
  return {
    functions: tools.length === 0 ? "" : JSON.stringify(functions, null, 4),
    datetime: strftime(now, "%B %d, %Y, %H:%M:%S"),
  };
}

function parse(source: string): JinjaTemplate {
  try {
    return parseJinja(source);
  } catch (cause) {
    if (!(cause instanceof JinjaError)) throw cause;
    throw invalid("chat_template", `the chat template is not valid Jinja: ${cause.message}${place(cause)}`, cause);
  }
}

function templateError(error: JinjaError): RpcError {
  switch (error.kind) {
    case "refusal":
      return invalid("messages", `the model's chat template refuses the messages: ${error.message}`, error);
    case "overrun":
      return invalid("chat_template", error.message, error);
    default:
      return invalid("messages", `the chat template fails on these messages: ${error.message}${place(error)}`, error);
  }
}

function invalid(param: string, message: string, cause: JinjaError): RpcError {
  return new RpcError(ErrorReason.INVALID_PARAMETER, message, { param, cause });
}

function place({ line }: JinjaError): string {
  return line === undefined ? "" : ` (line ${line})`;
}
