import { z } from "zod";
import {
  arrayOf,
  flag,
  numberAs,
  text,
  tokenCountFrom,
  tokenId,
  unsettable,
  unsupported,
} from "../../dialect/request/fields.ts";

/**
 * What clients of vLLM, SGLang and llama-server send beside OpenAI's fields, on chats and completions alike: what changes
 * the answer is served or refused by its name.
 */
export const habitFields = {
  stop_token_ids: unsettable(arrayOf(tokenId, { max: 128 })),
  include_stop_str_in_output: flag,
  skip_special_tokens: flag,
  prompt_logprobs: numberAs("promptLogprobs"),
  /** -1: as many as fit. */
  truncate_prompt_tokens: tokenCountFrom(-1),
  /** llama-server's name for max_tokens; -1 sets no limit. */
  n_predict: tokenCountFrom(-1),
  /** Hugging Face's name for repeat_penalty. */
  repetition_penalty: unsettable(z.number().positive().max(1_000)),
  spaces_between_special_tokens: flag,
  priority: unsettable(z.number()),
  request_id: text,
  use_beam_search: unsupported(
    "beam search is not served: leave use_beam_search out, or set it to false",
    z.literal(false),
  ),
  length_penalty: unsupported("length_penalty belongs to beam search, which is not served", z.literal(1)),
  allowed_token_ids: unsupported("allowed_token_ids is not served: forbid tokens with logit_bias, or give a grammar"),
  bad_words: unsupported("bad_words is not served: forbid tokens with logit_bias", z.array(z.unknown()).max(0)),
  logits_processors: unsupported("logits_processors are not served"),
  return_tokens_as_token_ids: unsupported("return_tokens_as_token_ids is not served", z.literal(false)),
  return_token_ids: unsupported("return_token_ids is not served: use /tokenize", z.literal(false)),
  cache_salt: unsupported("cache_salt is not served: set cache_prompt to false to reuse no prompt prefix"),
};

export const habitFieldsWithoutEffect: Readonly<Record<string, string>> = {
  spaces_between_special_tokens: "token texts are joined as they are",
  priority: "requests are served in turn, fairly by key",
  request_id: "send the x-request-id header",
};

const habitSchema = z.object(habitFields);
export type HabitFields = z.infer<typeof habitSchema>;

/** The same for chats alone. */
export const chatHabitFields = {
  /** The answer begins with the last message's text, if that is an assistant's. */
  echo: flag,
  add_special_tokens: unsupported(
    "add_special_tokens is not served: the chat template and the model say which tokens stand around a prompt",
    z.literal(false),
  ),
  documents: unsupported("documents are not served: put them into the messages", z.array(z.unknown()).max(0)),
  mm_processor_kwargs: unsupported("mm_processor_kwargs is not served"),
};
