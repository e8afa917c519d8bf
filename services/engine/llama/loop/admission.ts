import type { SlotMemory, TakenSlot } from "../kv/slot-memory.ts";
import type { Sampler } from "../native/sampler.ts";
import type { GenerateRequest } from "./generate-request.ts";
import { Sequence, type SequenceVocabulary } from "./sequence.ts";
import type { Turns } from "./turns.ts";

export interface AdmissionParts {
  readonly memory: SlotMemory;
  readonly vocabulary: SequenceVocabulary;
  /** Who may use the context: the loop or a state that is put back, one at a time. */
  readonly turns: Turns;
  /** Builds a choice's sampler chain, which has seen the end of the prompt. */
  readonly chainFor: (request: GenerateRequest, choice: number) => Sampler;
  /** A request's sequences are in their slots. Called while the context does not decode. */
  readonly onStarted: (request: GenerateRequest, sequences: readonly Sequence[]) => void;
  /** A request cannot begin; its slots are free again. */
  readonly onFailed: (request: GenerateRequest, error: unknown) => void;
  /** There may be something to do. */
  readonly onReady: () => void;
}

/** Gives free slots to the requests that wait, in order of arrival. */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #waiting: GenerateRequest[] = [];
  /** Requests that have slots and wait for the prompt cache. */
  readonly #starting = new Set<Promise<void>>();

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  /** Those without slots. */
  get waiting(): readonly GenerateRequest[] {
    return this.#waiting;
  }

  add(request: GenerateRequest): void {
    this.#waiting.push(request);
  }

  dropAbandoned(): void {
    for (let i = this.#waiting.length - 1; i >= 0; i--) if (this.#waiting[i]?.abandoned) this.#waiting.splice(i, 1);
  }

  get canAdmit(): boolean {
    const [first] = this.#waiting;
    const { memory } = this.#parts;
    return first !== undefined && memory.slots.length - memory.busy >= first.job.choices;
  }

  /** First come, first served: a request with many choices is not overtaken for ever. */
  admit(): void {
    while (this.canAdmit) {
      const request = this.#waiting.shift();
      if (request === undefined) return;
      const { prompt, choices, cachePrompt, slot: preferred } = request.job;
      const { adapterKey: adapters } = request;
      const taken = Array.from({ length: choices }, (_, choice) =>
        this.#parts.memory.take(
          prompt,
          choice === 0 ? { reuse: cachePrompt, preferred, adapters } : { reuse: false, adapters },
        ),
      );
      if (taken.every(({ exchange }) => exchange === undefined)) this.#start(request, taken);
      else this.#startLater(request, taken);
    }
  }

  /** Resolves when no request waits for the prompt cache. */
  async settled(): Promise<void> {
    await Promise.all(this.#starting);
  }

  /** While states are read, the others' steps go on; only what touches the context takes a turn. */
  #startLater(request: GenerateRequest, taken: readonly TakenSlot[]): void {
    const exchanges = taken.map(({ exchange }) => exchange).filter((exchange) => exchange !== undefined);
    const starting = Promise.all(exchanges.map((exchange) => exchange.fetch()))
      .then(() =>
        this.#parts.turns.take(async () => {
          for (const exchange of exchanges) await exchange.swap();
          this.#start(request, taken);
        }),
      )
      .finally(() => {
        this.#starting.delete(starting);
        this.#parts.onReady();
      });
    this.#starting.add(starting);
  }

  /** What goes wrong here is this request's. */
  #start(request: GenerateRequest, taken: readonly TakenSlot[]): void {
    const { memory, vocabulary, chainFor, onStarted, onFailed } = this.#parts;
    const { prompt, cachePrompt } = request.job;
    const siblings: Sequence[] = [];
    try {
      for (const [choice, { slot }] of taken.entries()) {
        memory.fit(slot, prompt, { reuse: cachePrompt && choice === 0, adapters: request.adapterKey });
        const chain = chainFor(request, choice);
        siblings.push(new Sequence({ request, siblings, choice, slot, chain, vocabulary }));
      }
    } catch (error) {
      for (const sequence of siblings) sequence.free();
      for (const { slot } of taken) memory.release(slot);
      onFailed(request, error);
      for (const { slot } of taken) memory.truncate(slot, 0);
      return;
    }
    onStarted(request, siblings);
  }
}
