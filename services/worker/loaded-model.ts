import type { JsonObject } from "@bufbuild/protobuf";
import type { ModelSettings } from "../config.ts";
import type { Engine, EngineInfo } from "../engine/engine.ts";
import { createChatPrompter, type ChatPrompter } from "../engine/text/chat-prompt.ts";

/** A model in memory, with what is needed to talk to it. */
export interface LoadedModel {
  readonly id: string;
  readonly settings: ModelSettings;
  readonly engine: Engine;
  readonly prompter: ChatPrompter;
  /** Where the chat format comes from: `chat_format vicuna`, `template in the GGUF`. */
  readonly chatFormat: string;
}

/** Puts an engine together with the chat format of its settings. Throws INVALID_PARAMETER on a template that is none. */
export function createLoadedModel(settings: ModelSettings, engine: Engine): LoadedModel {
  const { bosToken, eosToken, addsBos, chatTemplates } = engine.info;
  const prompter = createChatPrompter({
    chatFormat: settings.chat_format,
    chatTemplate: settings.chat_template,
    // The settings come from JSON or YAML, and reached this process as JSON.
    kwargs: settings.chat_template_kwargs as JsonObject | undefined,
    templates: chatTemplates,
    bosToken,
    eosToken,
    addsBos,
  });
  return { id: settings.model_alias, settings, engine, prompter, chatFormat: chatFormatOf(settings, engine.info) };
}

/** In the order in which the prompter looks for one. */
function chatFormatOf(settings: ModelSettings, { chatTemplates }: EngineInfo): string {
  if (settings.chat_format !== undefined) return `chat_format ${settings.chat_format}`;
  if (settings.chat_template !== undefined) return "chat_template in the configuration";
  return chatTemplates[""] === undefined ? "chatml, for want of a template" : "template in the GGUF";
}
