import { z } from "zod";
import { chatFormatNames } from "../../services/engine/text/chat-formats/chat-formats.ts";
import { optional, text, uint32Max, whole } from "../kinds.ts";
import { honoured } from "../setting.ts";

/** Names that llama_cpp.server had for the templates of the settings below; here naming their file is enough. */
const hubFormats = ["hf-tokenizer-config", "hf-autotokenizer"] as const;
type HubFormat = (typeof hubFormats)[number];

export function isHubFormat(format: string | undefined): format is HubFormat {
  return hubFormats.some((name) => name === format);
}

/** How messages become prompts, and what requests that say nothing get. */
export const chatSettings = {
  chat_format: honoured(
    `Prompt format by name: ${chatFormatNames.join(", ")}. Unset: the template in the GGUF file.`,
    optional(z.enum([...chatFormatNames, ...hubFormats])),
    { replaced: { was: null } },
  ),
  chat_template: honoured(
    "Jinja template instead of the one in the GGUF file: inline, or the path of a file.",
    optional(text()),
    { expects: "a Jinja template, or the path of a file that holds one" },
  ),
  chat_template_kwargs: honoured(
    "Variables for the chat template; a request can add to them and override them.",
    optional(z.record(z.string(), z.unknown())),
    { expects: 'an object such as {"enable_thinking": false}', replaced: { was: null } },
  ),
  seed: honoured(
    "Seed for requests that set none; -1 or 4294967295 picks a random one.",
    whole(-1, uint32Max)
      .transform((seed) => (seed === -1 ? uint32Max : seed))
      .prefault(uint32Max),
    { replaced: { was: uint32Max } },
  ),
  last_n_tokens_size: honoured(
    "Number of recent tokens that penalties consider, for requests that set no repeat_last_n.",
    whole(0).default(64),
    { replaced: { was: 64 } },
  ),
  hf_tokenizer_config_path: honoured(
    "Path of a tokenizer_config.json, whose chat template, BOS and EOS are used instead of those in the GGUF file.",
    optional(text()),
    { expects: "the path of a tokenizer_config.json", replaced: { was: null } },
  ),
  hf_pretrained_model_name_or_path: honoured(
    "Model on Hugging Face, or a folder, whose tokenizer_config.json (and chat_template.jinja) is used in the same way.",
    optional(text()),
    { expects: "a repository such as Qwen/Qwen2.5-7B-Instruct, or the path of a folder", replaced: { was: null } },
  ),
  draft_model: honoured(
    "Speculative decoding: the path of a small GGUF model with the same vocabulary that drafts tokens, or prompt-lookup-decoding, which looks them up in the text so far.",
    optional(text()),
    { expects: "prompt-lookup-decoding, or the path of a GGUF file", replaced: { was: null } },
  ),
  draft_model_num_pred_tokens: honoured("Maximum number of tokens to draft ahead.", whole(1, 64).default(10), {
    replaced: { was: 10 },
  }),
};
