import { availableParallelism } from "node:os";
import { join } from "node:path";
import { ErrorReason } from "../../../clients/errors.ts";
import type { ModelSettings } from "../../../settings/settings.ts";
import type { Engine } from "../engine.ts";
import { chooseGpus } from "./load/choose-gpus.ts";
import { contextParams } from "./load/context-params.ts";
import { directCompiler, type GrammarCompiler } from "../grammar/grammar-compiler.ts";
import { createDrafter } from "./speculation/create-drafter.ts";
import { createInputUsers } from "./pooling/create-input-users.ts";
import { SlotFiles } from "./kv/slot-files.ts";
import { createPromptCache, stateIdentity } from "./kv/create-prompt-cache.ts";
import { describeEngine, type EngineFacts } from "./describe-engine.ts";
import { DrySamplers } from "./sampling/dry-samplers.ts";
import { createSample } from "./sampling/sample.ts";
import { addEogToken } from "./load/eog-token.ts";
import { findFiles } from "./hub/find-files.ts";
import { LlamaEngine } from "./llama-engine.ts";
import { scalesKey } from "./native/adapter-set.ts";
import { Batch } from "./native/batch.ts";
import { Context } from "./native/context.ts";
import { type Device, listDevices } from "./native/devices.ts";
import type { Model } from "./native/model.ts";
import { Candidates } from "./native/sampler.ts";
import { createThreadpool, type Threadpool } from "./native/threads/threadpool.ts";
import { measureMemory } from "./load/measure-memory.ts";
import { type OpenModel, openModel, type OpenModelOptions } from "./load/open-model.ts";
import { ownCpus } from "./cpu/own-cpus.ts";
import { createMedia, type MediaParts } from "./multimodal/create-media.ts";
import { openProjector } from "./multimodal/open-projector.ts";
import { createPromptBudget, efficientRows } from "./loop/prompt-budget.ts";
import { Grammars } from "./sampling/grammars.ts";
import { createChain } from "./sampling/sampler-chain.ts";
import { chooseSlotCount } from "./load/slot-count.ts";
import { Scorer } from "./pooling/scorer.ts";
import { SlotMemory } from "./kv/slot-memory.ts";
import { StepLoop } from "./loop/step-loop.ts";
import { createThreadChooser } from "./cpu/threads.ts";
import { createDecodePlacing } from "./loop/decode-placing.ts";
import { createTurns } from "./loop/turns.ts";
import { VocabularyEngine } from "./vocabulary-engine.ts";

/** An idle thread sleeps at once: one that spins takes its core from the sockets that deliver the tokens. */
const threadpoolPoll = 0;
/** How many idle slots between two running ones are filled: on a CPU a row costs nearly as much as another pass. */
const maxPaddingRows = { cpu: 1, gpu: 7 } as const;

export interface LlamaEngineOptions extends OpenModelOptions {
  /** Unset: grammars are compiled where they are asked for. */
  readonly compiler?: GrammarCompiler;
}

/**
 * Finds a model's files, downloads those that are not here, loads the model and makes it ready to run. Once per process.
 * Throws RpcError MODEL_LOAD_FAILED or INSUFFICIENT_MEMORY with llama.cpp's own reason.
 */
export async function createLlamaEngine(written: ModelSettings, options: LlamaEngineOptions): Promise<Engine> {
  const { settings: found, tokenizer, onProgress } = await findFiles(written, options);
  const opened = await openModel(found, { ...options, onProgress });
  const { settings } = opened;
  const info = (message: string): void => options.log("info", message);
  const warn = (message: string): void => options.log("warn", message);
  const warning = tokenizer && (await addEogToken(opened.model.vocabulary, tokenizer));
  if (warning !== undefined) warn(warning);
  if (settings.vocab_only) return createVocabularyEngine(opened, { settings, tokenizer });
  const { llama, libraries, model, samplers, adapters } = opened;
  const { vocabulary } = model;
  const gpus = chooseGpus(settings, listDevices(opened.devices));
  const { max, now: threads, idle } = createThreadChooser(settings, libraries.mathCores);
  const threadpool = createThreadpool(opened.devices, {
    threads: Math.max(max.decode, max.prefill),
    poll: threadpoolPoll,
    cpus: ownCpus(),
  });
  const rows = gpus.length > 0 ? efficientRows.gpu : efficientRows.cpu;
  const { context, pooling } = await createGenerationContext(opened, { settings, gpus, threadpool });
  const contextLength = context?.sequenceLength ?? encoderLength(settings, model);
  const turns = createTurns();
  const listeners = new Set<() => void>();
  const shared = { llama, model, settings, threadpool, adapters, threads, turns, efficientRows: rows };
  let inputTokens = 0;
  const users = createInputUsers(
    {
      ...shared,
      onIdle: idle,
      isGenerating: () => (loop?.stats().busySlots ?? 0) > 0,
      onTokens(tokens) {
        inputTokens += tokens;
        listeners.forEach((listener) => listener());
      },
    },
    { ranking: opened.ranking, pooling, contextLength, hasMemory: context !== undefined },
  );
  const scorer = new Scorer({ ...shared, contextLength });

  const projector = context && (await openProjector(opened, { settings, gpus, threads: max.prefill }));

  // A recurrent state cannot remove a padding row; a unified cache has no gaps to fill.
  const pad = model.isRecurrent || settings.kv_unified ? 0 : gpus.length > 0 ? maxPaddingRows.gpu : maxPaddingRows.cpu;
  const batch = new Batch(context?.batchTokens ?? 1);
  const drafter = context && (await createDrafter(opened, { settings, target: context, threadpool, threads }));
  const cache =
    context && (await createPromptCache(settings, { context, spareRamBytes: opened.plan.spareRamBytes, info, warn }));
  const drySamplers = new DrySamplers(samplers, vocabulary, contextLength);
  const candidates = new Candidates(samplers, vocabulary.size);
  const media: MediaParts | undefined =
    projector &&
    createMedia({
      projector,
      vocabulary,
      context,
      turns,
      cacheBytes: settings.media_cache_size,
      isBusy: () => loop?.isDecoding === true,
      onReady: () => loop?.wake(),
      onFailed: (request, error) => loop?.fail(request, error),
    });
  const cachedAdapters = scalesKey(adapters.scales);
  const memory =
    context &&
    new SlotMemory(context, {
      canTruncate: !model.isRecurrent,
      maxPaddingRows: pad,
      hasMediaPositions: projector?.usesMrope === true,
      cachedAdapters,
      cache,
    });
  const loop: StepLoop | undefined =
    context &&
    memory &&
    new StepLoop({
      context,
      memory,
      batch,
      media: media?.steps,
      vocabulary,
      turns,
      threads,
      onIdle: idle,
      sample: createSample({ context, vocabulary, candidates }),
      drafter,
      placing: createDecodePlacing({ cores: availableParallelism(), usesGpu: gpus.length > 0 }),
      promptBudget: createPromptBudget({ batchTokens: context.batchTokens, efficientRows: rows }),
      warn,
      maxPaddingRows: pad,
      chainFor: (request, choice) => createChain(samplers, vocabulary, { request, choice, contextLength, drySamplers }),
      onStep: () => listeners.forEach((listener) => listener()),
    });

  // What is asked for, or all that the model can do, is to be there before the first request.
  const prepared = users.ranker ?? (settings.embedding || context === undefined ? users.embedder : undefined);
  const contexts = [context, await prepared?.prepare()].flatMap((made) => made ?? []);

  const slots = context?.sequences ?? 0;
  const { embedding, ranking } = users;
  return new LlamaEngine({
    info: describeEngine(opened, {
      settings,
      tokenizer,
      gpus,
      contextLength,
      slots,
      threads: max.decode,
      embedding,
      ranking,
      media: projector && { vision: projector.seesPictures, audio: projector.hearsSounds },
      memory: measureMemory(opened, { contexts, path: settings.model }),
    }),
    model,
    media,
    adapters,
    slotFiles:
      context && memory && settings.slot_save_path !== undefined
        ? new SlotFiles({
            context,
            memory,
            turns,
            vocabulary,
            folder: join(settings.slot_save_path, stateIdentity(settings)),
            adapters: cachedAdapters,
            onFree: () => loop?.wake(),
          })
        : undefined,
    drySamplers,
    grammars: new Grammars(vocabulary, options.compiler ?? directCompiler),
    loop,
    embedder: users.embedder,
    ranker: users.ranker,
    scorer,
    inputTokens: () => inputTokens,
    listeners,
    async free() {
      candidates.free();
      await drySamplers.free();
      batch.free();
      cache?.free();
      await media?.free();
      await drafter?.free();
      await context?.free();
      threadpool.free();
      await model.free();
    },
  });
}

function createVocabularyEngine(
  opened: OpenModel,
  facts: Pick<EngineFacts, "settings" | "tokenizer">,
): VocabularyEngine {
  const embedding = { pooling: undefined, inputTokens: 0 };
  const nothing = { gpus: [], contextLength: 0, slots: 0, threads: 0, embedding, ranking: undefined };
  return new VocabularyEngine(opened.model, describeEngine(opened, { ...facts, ...nothing }));
}

/** How much of a text an encoder takes: it sees all of it at once, and has no places beyond those it was trained with. */
function encoderLength({ n_ctx: asked }: ModelSettings, { trainedContextLength: trained }: Model): number {
  return asked === 0 ? trained : Math.min(asked, trained);
}

interface Generation {
  /** undefined: the model keeps no state between tokens, so it can only embed. */
  readonly context: Context | undefined;
  /** llama_pooling_type of the model. */
  readonly pooling: number;
}

async function createGenerationContext(
  { llama, model, adapters, plan, failure }: OpenModel,
  { settings, gpus, threadpool }: { settings: ModelSettings; gpus: readonly Device[]; threadpool: Threadpool },
): Promise<Generation> {
  const sequenceLength = settings.n_ctx === 0 ? model.trainedContextLength : settings.n_ctx;
  const wanted = settings.n_slots ?? plan.slots ?? chooseSlotCount(model, { settings, sequenceLength, gpus });
  const rows = settings.draft_model === undefined ? 1 : 1 + settings.draft_model_num_pred_tokens;
  // An estimate can be too high; a number that somebody asked for is not changed.
  for (let slots = wanted; slots >= 1; slots = settings.n_slots === undefined ? Math.floor(slots / 2) : 0) {
    const params = contextParams(settings, { slots, sequenceLength, rows });
    const context = await Context.create(llama, model, { params, threadpool, adapters });
    if (context === undefined) continue;
    const { pooling } = context;
    if (context.hasMemory && !model.isEncoder) return { context, pooling };
    await context.free();
    return { context: undefined, pooling };
  }
  const what = `no context of ${wanted} × ${sequenceLength} tokens could be made (lower n_ctx or n_slots)`;
  throw await failure(ErrorReason.INSUFFICIENT_MEMORY, what);
}
