import { z } from "zod";
import { named, namesOf, optional, whole } from "../kinds.ts";
import { honoured, meaningless } from "../setting.ts";

/** The tensor types that llama.cpp has KV kernels for, by ggml's numbers. */
export const kvTypes = { f32: 0, f16: 1, q4_0: 2, q4_1: 3, q5_0: 6, q5_1: 7, q8_0: 8, iq4_nl: 20, bf16: 30 };
/** GGML_MAX_N_THREADS. */
const maxThreads = 512;
/** LLAMA_MAX_SEQ. */
const maxSlots = 256;

const threads = () => optional(z.union([z.literal(-1), whole(1, maxThreads)]));
const threadsExpects = "a whole number from 1 to 512, or -1 for every core";
const kvType = () => optional(named(kvTypes));
const kvTypeExpects = `one of ${namesOf(kvTypes)}`;

/** How much a model can work on at once, and with what. */
export const contextSettings = {
  n_ctx: honoured(
    "Context size of each request in tokens, prompt and answer together; 0 uses the size that the model was trained with.",
    whole(0).default(2048),
    { replaced: { was: 2048 } },
  ),
  n_slots: honoured(
    "Number of requests that are answered at the same time, each with n_ctx tokens. Unset: as many as memory allows, at most 8.",
    optional(whole(1, maxSlots)),
  ),
  kv_unified: honoured(
    "Let all slots share one KV cache of n_ctx tokens, where memory is short; slower with many users.",
    z.boolean().default(false),
  ),
  n_batch: honoured("Maximum number of tokens in one decode call.", whole(1).default(512), { replaced: { was: 512 } }),
  n_ubatch: honoured(
    "Maximum number of tokens that are computed at once; more need more memory.",
    whole(1).default(512),
    {
      replaced: { was: 512 },
    },
  ),
  n_threads: honoured("Threads for generating tokens; -1 uses every core. Unset: chosen automatically.", threads(), {
    expects: threadsExpects,
    replaced: { was: "half of the cores" },
  }),
  n_threads_batch: honoured(
    "Threads for processing prompts; -1 uses every core. Unset: chosen automatically.",
    threads(),
    {
      expects: threadsExpects,
      replaced: { was: "all cores" },
    },
  ),
  flash_attn: honoured(
    "Flash attention: true, false, or auto (where the hardware supports it).",
    z.union([z.boolean(), z.literal("auto")]).default("auto"),
    { replaced: { was: false, keep: true } },
  ),
  type_k: honoured(`Type of the keys in the KV cache: ${namesOf(kvTypes)}. Unset: f16.`, kvType(), {
    expects: kvTypeExpects,
    replaced: { was: null },
  }),
  type_v: honoured(`Type of the values in the KV cache: ${namesOf(kvTypes)}. Unset: f16.`, kvType(), {
    expects: kvTypeExpects,
    replaced: { was: null },
  }),
  embedding: honoured(
    "Prepare for embeddings when the model is loaded; otherwise the first embeddings request does it.",
    z.boolean().default(false),
    { replaced: { was: false } },
  ),
  logits_all: meaningless("Keep the logits of every token.", z.boolean().default(true), {
    because: "requests that ask for logprobs get them without it",
    replaced: { was: true },
  }),
};
