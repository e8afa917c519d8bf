import type { Sampling } from "../../engine.ts";
import { callAsync, type SamplerApi } from "../native/api.ts";
import type { SamplerPointer } from "../native/buffers/pointer.ts";
import type { Vocabulary } from "../native/vocabulary.ts";

type DrySettings = Pick<
  Sampling,
  "dryMultiplier" | "dryBase" | "dryAllowedLength" | "dryPenaltyLastN" | "drySequenceBreakers"
>;

/** How many are kept: most callers send the same settings again and again. */
const maxKept = 8;

/**
 * Makes DRY samplers. llama.cpp looks for each sequence breaker in every token of the vocabulary, which takes a second
 * for many breakers and a large vocabulary: it is done on another thread, once, and what came out is cloned.
 */
export class DrySamplers {
  readonly #api: SamplerApi;
  readonly #vocabulary: Vocabulary;
  readonly #contextLength: number;
  /** The latest last. */
  readonly #kept = new Map<string, SamplerPointer>();
  readonly #begun = new Map<string, Promise<void>>();

  constructor(api: SamplerApi, vocabulary: Vocabulary, contextLength: number) {
    this.#api = api;
    this.#vocabulary = vocabulary;
    this.#contextLength = contextLength;
  }

  /** To be awaited before `create` with the same settings. */
  async prepare(settings: DrySettings): Promise<void> {
    if (settings.dryMultiplier <= 0) return;
    const key = this.#keyOf(settings);
    if (this.#kept.has(key)) return;
    const begun = this.#begun.get(key) ?? this.#begin(key, settings);
    this.#begun.set(key, begun);
    await begun;
  }

  /** A sampler of the caller's own. */
  create(settings: DrySettings): SamplerPointer {
    const key = this.#keyOf(settings);
    const kept = this.#kept.get(key);
    // It may have made way for others since it was prepared.
    if (kept === undefined) return this.#api.dry(...this.#arguments(settings));
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return this.#api.clone(kept);
  }

  async free(): Promise<void> {
    await Promise.allSettled(this.#begun.values());
    for (const sampler of this.#kept.values()) this.#api.free(sampler);
    this.#kept.clear();
  }

  async #begin(key: string, settings: DrySettings): Promise<void> {
    try {
      this.#kept.set(key, await callAsync(this.#api.dry, ...this.#arguments(settings)));
    } finally {
      this.#begun.delete(key);
    }
    for (const [oldest, sampler] of this.#kept) {
      if (this.#kept.size <= maxKept) break;
      this.#kept.delete(oldest);
      this.#api.free(sampler);
    }
  }

  #keyOf(settings: DrySettings): string {
    return JSON.stringify(this.#arguments(settings).slice(1));
  }

  #arguments(settings: DrySettings): Parameters<SamplerApi["dry"]> {
    const { dryMultiplier, dryBase, dryAllowedLength, dryPenaltyLastN, drySequenceBreakers: breakers } = settings;
    // llama.cpp takes -1 for "off"; and the length sizes a buffer, so it is bounded by what there can be.
    const lastN = dryPenaltyLastN < 0 ? this.#contextLength : Math.min(dryPenaltyLastN, this.#contextLength);
    const { pointer } = this.#vocabulary;
    return [pointer, dryMultiplier, dryBase, dryAllowedLength, lastN, breakers, breakers.length];
  }
}
