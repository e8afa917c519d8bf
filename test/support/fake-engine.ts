import { setTimeout as sleep } from "node:timers/promises";
import { RpcError, ErrorReason } from "../../clients/errors.ts";
import {
  type Engine,
  type EngineEvent,
  type EngineInfo,
  type EngineStats,
  type GenerateJob,
  type MediaPrompt,
  type MediaSpan,
  type PromptPart,
  type ScoreJob,
  type SlotState,
  type TokenLogprob,
} from "../../services/engine/engine.ts";

/** What a prompt tells the fake engine to do, by words in it: `count:5 hold:2`. */
export interface FakeScript {
  /** Tokens to generate; each is a word `w1 `, `w2 ` … */
  readonly count: number;
  /** Milliseconds of each token, and of the prefill. */
  readonly tokenMs: number;
  readonly prefillMs: number;
  /** Before the token of this number (0: during the prefill), wait until the signal is aborted. */
  readonly hold: number | undefined;
  /** Before the token of this number, the process ends as by a native crash. */
  readonly crash: number | undefined;
  /** Before the token of this number, the process answers nothing any more. */
  readonly spin: number | undefined;
  /** The stream ends before the token of this number without an end. */
  readonly truncate: number | undefined;
  /** Throws an error of no kind we know. */
  readonly bug: boolean;
  /** Instead of numbered words: this text, one character per token. */
  readonly say: string | undefined;
}

const defaults: FakeScript = {
  count: 3,
  tokenMs: 0,
  prefillMs: 0,
  hold: undefined,
  crash: undefined,
  spin: undefined,
  truncate: undefined,
  bug: false,
  say: undefined,
};

/** Reads the instructions in a prompt. */
export function parseScript(prompt: string): FakeScript {
  const number = (name: string) => {
    const [, digits] = new RegExp(`\\b${name}:(\\d+)`).exec(prompt) ?? [];
    return digits === undefined ? undefined : Number(digits);
  };
  const [, say] = /\bsay:\[([^\]]*)\]/.exec(prompt) ?? [];
  return {
    count: number("count") ?? defaults.count,
    tokenMs: number("tokenMs") ?? defaults.tokenMs,
    prefillMs: number("prefillMs") ?? defaults.prefillMs,
    hold: number("hold"),
    crash: number("crash"),
    spin: number("spin"),
    truncate: number("truncate"),
    bug: prompt.includes("bug:yes"),
    say,
  };
}

export interface FakeEngineOptions {
  readonly slots?: number;
  readonly contextLength?: number;
  readonly info?: Partial<EngineInfo>;
  /** How the process ends on `crash:`; a fake in the test's own process throws instead. */
  readonly crash?: () => void;
}

export const fakeInfo: EngineInfo = {
  architecture: "fake",
  description: "fake 0B",
  sizeBytes: 1000,
  parameters: 100,
  contextLength: 1000,
  trainedContextLength: 1000,
  embeddingLength: 4,
  vocabularySize: 0x110000,
  slots: 2,
  layers: 7,
  offloadedLayers: 0,
  backend: "fake",
  devices: [],
  threads: 1,
  generates: true,
  path: "",
  metadata: {},
  chatTemplatesFrom: "the GGUF",
  chatTemplates: {
    "": "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:",
  },
  bosToken: "",
  eosToken: "",
  addsBos: false,
  embedding: { pooling: "mean", inputTokens: 1000 },
  ranking: undefined,
  fim: undefined,
};

/**
 * An Engine without a model: a token is a Unicode code point, and the prompt says what to do (`parseScript`). It honours
 * the contract of Engine: slots, `started` once, one `finished` per choice, cancels within one step.
 */
export class FakeEngine implements Engine {
  readonly info: EngineInfo;
  /** Jobs that were given a slot, in order. */
  readonly jobs: GenerateJob[] = [];
  readonly #crash: () => void;
  readonly #listeners = new Set<() => void>();
  readonly #queue: (() => void)[] = [];
  #busy = 0;
  #counts = { decodeSteps: 0, decodedSequences: 0, promptTokens: 0, completionTokens: 0 };

  constructor({ slots = 2, contextLength = 1000, info, crash }: FakeEngineOptions = {}) {
    const embedding = { pooling: "mean", inputTokens: contextLength } as const;
    this.info = { ...fakeInfo, slots, contextLength, embedding, ...info };
    this.#crash = crash ?? (() => {});
  }

  async tokenize(text: string): Promise<Int32Array> {
    return Int32Array.from(Array.from(text, (character) => character.codePointAt(0) ?? 0));
  }

  /** A picture or sound takes as many tokens as it has bytes. */
  async tokenizeMedia(parts: readonly PromptPart[]): Promise<MediaPrompt> {
    const tokens: number[] = [];
    const media: MediaSpan[] = [];
    for (const part of parts) {
      if (typeof part === "string") tokens.push(...(await this.tokenize(part)));
      else {
        const rows = part.data.length;
        const at = { start: tokens.length, rows, positions: new Int32Array(rows) };
        media.push({ ...at, key: part.param, isCausal: true, parts, medium: media.length, piece: 0 });
        tokens.push(...new Int32Array(rows).fill(-1));
      }
    }
    return { tokens: Int32Array.from(tokens), media };
  }

  tokenBytes(token: number): Uint8Array {
    if (token >= this.info.vocabularySize) throw new RangeError(`no token ${token}`);
    return Buffer.from(String.fromCodePoint(token));
  }

  async *generate(job: GenerateJob, signal: AbortSignal): AsyncGenerator<EngineEvent, void, void> {
    if (!this.info.generates) throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, "this model only embeds");
    signal.throwIfAborted();
    const arrivedAt = performance.now();
    await this.#takeSlots(job.choices, signal);
    this.jobs.push(job);
    const startedAt = performance.now();
    try {
      const script = parseScript(String.fromCodePoint(...job.prompt.filter((token) => token >= 0)));
      this.#counts.promptTokens += job.prompt.length;
      yield { type: "started", cachedTokens: 0, slot: 0 };
      if (script.bug) throw new TypeError("the fake engine was told to have a bug");
      await this.#step(script, 0, script.prefillMs, signal);
      const firstAt = performance.now();
      const words = script.say === undefined ? numbered(script.count) : Array.from(script.say);
      const limit = Math.min(job.maxTokens ?? Infinity, this.info.contextLength - job.prompt.length, words.length);
      for (let i = 1; i <= limit; i++) {
        if (script.truncate === i) return;
        await this.#step(script, i, script.tokenMs, signal);
        this.#counts.decodeSteps += 1;
        for (let choice = 0; choice < job.choices; choice++) {
          this.#counts.decodedSequences += 1;
          this.#counts.completionTokens += 1;
          yield { type: "text", choice, text: words[i - 1] ?? "", completionTokens: i, logprobs: [] };
        }
        this.#changed();
      }
      const timings = {
        startedAt: performance.timeOrigin + arrivedAt,
        queueMs: startedAt - arrivedAt,
        prefillMs: firstAt - startedAt,
        decodeMs: performance.now() - firstAt,
      };
      const reason = limit < words.length ? "length" : "stop";
      for (let choice = 0; choice < job.choices; choice++) {
        yield { type: "finished", choice, reason, stopSequence: undefined, completionTokens: limit, timings };
      }
    } finally {
      this.#busy -= job.choices;
      this.#queue.splice(0).forEach((wake) => wake());
      this.#changed();
    }
  }

  async embed({ inputs }: { readonly inputs: readonly Int32Array[] }, signal: AbortSignal): Promise<Float32Array[]> {
    signal.throwIfAborted();
    return inputs.map((tokens) => Float32Array.of(tokens.length, 0, 0, 0));
  }

  async rank({ inputs }: { readonly inputs: readonly Int32Array[] }, signal: AbortSignal): Promise<Float32Array> {
    signal.throwIfAborted();
    return Float32Array.from(inputs, (tokens) => tokens.length);
  }

  async score({ tokens }: ScoreJob, signal: AbortSignal): Promise<(TokenLogprob | undefined)[]> {
    signal.throwIfAborted();
    const entry = (id: number) => ({ token: { id, bytes: this.tokenBytes(id), logprob: -1 }, top: [] });
    return Array.from(tokens, (id, at) => (at === 0 ? undefined : entry(id)));
  }

  adapters(): [] {
    return [];
  }

  setAdapters(): void {}

  changeSlot(): Promise<never> {
    return Promise.reject(new Error("the fake engine keeps no slots"));
  }

  slots(): SlotState[] {
    const states = Array.from({ length: this.info.slots }, (_, id) => ({ id, busy: id < this.#busy }));
    return states.map((state) => ({ ...state, tokens: 0, promptTokens: 0, completionTokens: 0 }));
  }

  stats(): EngineStats {
    return {
      busySlots: this.#busy,
      waiting: this.#queue.length,
      kvCellsUsed: 0,
      kvCells: this.info.contextLength * this.info.slots,
      cachedTokens: 0,
      promptCache: { hits: 0, misses: 0, bytes: 0 },
      threads: 1,
      decodeMs: 0,
      betweenStepsMs: 0,
      ...this.#counts,
    };
  }

  onStats(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {}

  async #takeSlots(choices: number, signal: AbortSignal): Promise<void> {
    while (this.#busy + choices > this.info.slots) {
      await new Promise<void>((resolve) => {
        this.#queue.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
      signal.throwIfAborted();
    }
    this.#busy += choices;
    this.#changed();
  }

  async #step(script: FakeScript, step: number, ms: number, signal: AbortSignal): Promise<void> {
    if (script.crash === step || script.spin === step) {
      // What was written before has to have left the process, as it has by the time that a real decode crashes.
      await sleep(20);
      if (script.spin === step) for (;;);
      this.#crash();
    }
    if (script.hold === step) {
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    if (ms > 0) await sleep(ms, undefined, { signal }).catch(() => {});
    signal.throwIfAborted();
  }

  #changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `w${i + 1} `);
}
