import { z } from "zod";
import {
  arrayOf,
  flag,
  integerFrom,
  jsonObject,
  tokenCountFrom,
  unsettable,
  unsupported,
} from "../../dialect/request/fields.ts";
import { samplingFields } from "../../dialect/sampling/fields.ts";

const anyInteger = unsettable(z.number().int());

/** Ollama's `options`: what tunes an answer is served under its name; how a model is loaded is not a request's to say here. */
export const optionsSchema = z.object({
  /** -1 and -2: no limit. */
  num_predict: tokenCountFrom(-2),
  seed: samplingFields.seed,
  stop: samplingFields.stop,
  temperature: samplingFields.temperature,
  top_k: samplingFields.top_k,
  top_p: samplingFields.top_p,
  min_p: samplingFields.min_p,
  typical_p: samplingFields.typical_p,
  repeat_last_n: samplingFields.repeat_last_n,
  repeat_penalty: samplingFields.repeat_penalty,
  presence_penalty: samplingFields.presence_penalty,
  frequency_penalty: samplingFields.frequency_penalty,
  mirostat: samplingFields.mirostat,
  mirostat_tau: samplingFields.mirostat_tau,
  mirostat_eta: samplingFields.mirostat_eta,
  num_ctx: integerFrom(0, 2 ** 31 - 1),
  num_keep: anyInteger,
  num_batch: anyInteger,
  num_gpu: anyInteger,
  main_gpu: anyInteger,
  num_thread: anyInteger,
  low_vram: flag,
  use_mmap: flag,
  use_mlock: flag,
  numa: flag,
  f16_kv: flag,
  penalize_newline: flag,
  tfs_z: unsettable(z.number()),
  vocab_only: unsupported("vocab_only is a setting of the model", z.literal(false)),
  logits_all: flag,
});

const ofTheModel = (setting: string) => `it is a setting of the model (${setting})`;

export const optionsWithoutEffect: Readonly<Record<string, string>> = {
  "options.num_ctx": ofTheModel("n_ctx"),
  "options.num_keep": "the context is not shifted: nothing of a prompt is dropped",
  "options.num_batch": ofTheModel("n_batch"),
  "options.num_gpu": ofTheModel("n_gpu_layers"),
  "options.main_gpu": ofTheModel("main_gpu"),
  "options.num_thread": ofTheModel("n_threads"),
  "options.low_vram": ofTheModel("n_gpu_layers"),
  "options.use_mmap": ofTheModel("use_mmap"),
  "options.use_mlock": ofTheModel("use_mlock"),
  "options.numa": ofTheModel("numa"),
  "options.f16_kv": ofTheModel("type_k and type_v"),
  "options.penalize_newline": "llama.cpp's penalties make no difference for line breaks",
  "options.tfs_z": "llama.cpp no longer has tail-free sampling",
  "options.logits_all": "log-probabilities are available in every request",
};

/** What chats and generations share. */
export const generationFields = {
  model: z.string().min(1),
  stream: flag,
  format: unsettable(z.union([z.literal(["", "json"]), jsonObject])),
  options: unsettable(optionsSchema),
  keep_alive: unsettable(z.union([z.number(), z.string()])),
  think: unsettable(z.union([z.boolean(), z.enum(["low", "medium", "high", "max"])])),
  logprobs: flag,
  top_logprobs: integerFrom(0, 20),
  truncate: flag,
  shift: flag,
};

/** `keep_alive` is told by the endpoints: 0 has an effect. */
export const generationWithoutEffect: Readonly<Record<string, string>> = {
  ...optionsWithoutEffect,
  shift: "the context is not shifted: an answer that fills it ends with done_reason length",
};

/** Pictures in base64. */
export const images = unsettable(arrayOf(z.string().min(1), { max: 1_000 }));
