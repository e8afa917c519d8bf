import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import type { ModelSettings } from "../../../../settings/settings.ts";
import { contextParams } from "../load/context-params.ts";
import { createDraftModel, vocabularyMismatch } from "./draft-model.ts";
import { createPromptLookup, type Drafter } from "./drafter.ts";
import { modelParams } from "../load/model-params.ts";
import { noAdapters } from "../native/adapter-set.ts";
import { Context } from "../native/context.ts";
import { listDevices } from "../native/devices.ts";
import { Model } from "../native/model.ts";
import type { Threadpool } from "../native/threads/threadpool.ts";
import type { OpenModel } from "../load/open-model.ts";
import type { Threads } from "../cpu/threads.ts";

export interface CreateDrafterOptions {
  readonly settings: ModelSettings;
  /** The context to draft for. */
  readonly target: Context;
  readonly threadpool: Threadpool;
  readonly threads: () => Threads;
}

/**
 * What drafts tokens, as `draft_model` says; undefined: nothing. Throws RpcError MODEL_LOAD_FAILED for a model
 * that cannot draft for this one.
 */
export async function createDrafter(
  { llama, devices, model, failure }: OpenModel,
  { settings, target, threadpool, threads }: CreateDrafterOptions,
): Promise<Drafter | undefined> {
  const { draft_model: draft, draft_model_num_pred_tokens: max } = settings;
  if (draft === undefined) return undefined;
  if (model.isRecurrent)
    throw new RpcError(
      ErrorReason.MODEL_LOAD_FAILED,
      `draft_model cannot be used with ${model.description}: its memory cannot take wrong draft tokens back`,
    );
  if (!draft.endsWith(".gguf")) return createPromptLookup(max);

  const failed = (what: string) => failure(ErrorReason.MODEL_LOAD_FAILED, `the draft model ${draft} ${what}`);
  // Where the large model is; what is overridden in it is its own.
  const { params, usesGpu, free } = modelParams(
    { ...settings, kv_overrides: undefined },
    { devices: listDevices(devices), maxDevices: llama.maxDevices() },
  );
  const small = await Model.load(llama, draft, { params, usesGpu, onProgress: () => {} }).finally(free);
  if (small === undefined) throw await failed("could not be loaded");
  const mismatch = vocabularyMismatch(model.vocabulary, small.vocabulary);
  if (mismatch !== undefined) throw await failed(`cannot draft for this model: ${mismatch}`);
  const slots = target.sequences;
  const context = await Context.create(llama, small, {
    params: contextParams(settings, { slots, sequenceLength: target.sequenceLength, rows: 1 }),
    threadpool,
    adapters: noAdapters,
  });
  if (context === undefined) throw await failed("has no room for a context");
  return createDraftModel({ model: small, context, max, threads });
}
