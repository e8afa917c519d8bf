import type { JsonObject } from "@bufbuild/protobuf";
import type { ModelSettings } from "../../settings/settings.ts";
import { isHubFormat } from "../../settings/model/chat-settings.ts";
import type { Engine } from "../engine/engine.ts";
import { type Compiler, createCompiler } from "./compile/compiler.ts";
import { createChatPrompter, type ChatPrompter } from "../engine/text/chat-prompt.ts";

/** A model in memory, with what is needed to talk to it. */
export interface LoadedModel {
  readonly id: string;
  readonly settings: ModelSettings;
  readonly engine: Engine;
  readonly prompter: ChatPrompter;
  readonly compiler: Compiler;
}

/** Puts an engine together with the chat format of its settings. Throws INVALID_PARAMETER on a template that is none. */
export function createLoadedModel(
  settings: ModelSettings,
  engine: Engine,
  { compiler = createCompiler() }: { readonly compiler?: Compiler } = {},
): LoadedModel {
  const { bosToken, eosToken, addsBos, chatTemplates, chatTemplatesFrom } = engine.info;
  const { chat_format: format } = settings;
  const options = {
    chatFormat: isHubFormat(format) ? undefined : format,
    chatTemplate: settings.chat_template,
    // The settings come from JSON or YAML, and reached this process as JSON.
    kwargs: settings.chat_template_kwargs as JsonObject | undefined,
    templates: chatTemplates,
    templatesFrom: chatTemplatesFrom,
    bosToken,
    eosToken,
    addsBos,
  };
  const prompter = createChatPrompter(options);
  compiler.setPrompter(options);
  return { id: settings.model_alias, settings, engine, prompter, compiler };
}
