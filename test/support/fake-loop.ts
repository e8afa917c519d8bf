import { GenerateRequest } from "../../services/engine/llama/loop/generate-request.ts";
import type { MediaStepsParts } from "../../services/engine/llama/loop/media-steps.ts";
import { createPromptBudget } from "../../services/engine/llama/loop/prompt-budget.ts";
import { StepLoop, type StepLoopParts } from "../../services/engine/llama/loop/step-loop.ts";
import { createTurns } from "../../services/engine/llama/loop/turns.ts";
import { SlotMemory, type SlotMemoryOptions } from "../../services/engine/llama/kv/slot-memory.ts";
import type { Sampler } from "../../services/engine/llama/native/sampler.ts";
import type { EngineEvent, GenerateJob } from "../../services/engine/engine.ts";
import { job } from "./engine-job.ts";

interface Row {
  readonly token: number;
  readonly position: number;
  readonly sequence: number;
  readonly output: boolean;
}

/** The one token that ends generations. */
export const eog = 0;
const encoder = new TextEncoder();

/**
 * A context, batch and vocabulary of which only what is decoded matters: after token n the model says n + 1. Positions
 * are checked as llama.cpp checks them.
 */
export class FakeModel {
  readonly sequences: number;
  readonly sequenceLength = 1000;
  readonly cells = 4000;
  /** What each sequence's memory holds. */
  readonly held: number[][];
  readonly decoded: Row[][] = [];
  /** Called when a decode ends, with its rows; returns llama_decode's code. */
  onDecode: (rows: readonly Row[]) => number | Promise<number> = () => 0;
  /** How many of the decodes were computed while the thread waited. */
  decodedHere = 0;
  #rows: Row[] = [];
  /** What embeddings were put into the media batch, as if each were a token. */
  #mediaRows: Row[] = [];
  /** What was decoded last: rows of logits are counted in it. */
  #last: readonly Row[] = [];

  constructor(sequences: number) {
    this.sequences = sequences;
    this.held = Array.from({ length: sequences }, () => []);
  }

  readonly context: StepLoopParts["context"] & Pick<FakeModel, "sequences" | "seqRm" | "seqCp"> = {
    sequences: 0,
    cells: this.cells,
    sequenceLength: this.sequenceLength,
    setThreads() {},
    useAdapters() {},
    logits: () => new Float32Array(),
    decode: (batch) => this.#decode(this.#rowsOf(batch)),
    decodeHere: (batch) => this.#decodeHere(this.#rowsOf(batch)),
    seqRm: (sequence, from) => this.seqRm(sequence, from),
    seqCp: (source, target) => this.seqCp(source, target),
  };

  readonly batch: StepLoopParts["batch"] = createBatch(() => this.#rows);
  readonly mediaBatch = createMediaBatch((rows) => (this.#mediaRows = rows));

  readonly vocabulary = {
    size: 2000,
    isEog: (token: number) => token === eog,
    piece: (token: number) => encoder.encode(` ${token}`),
  };

  /** Says after token n: n + 1. */
  readonly sample: StepLoopParts["sample"] = (_sequence, { row = 0 }) => (this.#last[row]?.token ?? 0) + 1;

  seqRm(sequence: number, from: number): boolean {
    const held = this.held[sequence] ?? [];
    held.length = Math.min(held.length, Math.max(0, from));
    return true;
  }

  seqCp(source: number, target: number): void {
    this.held[target] = [...(this.held[source] ?? [])];
  }

  #rowsOf(batch: object): readonly Row[] {
    const rows = [...(batch === this.mediaBatch ? this.#mediaRows : this.#rows)];
    this.decoded.push(rows);
    this.#last = rows;
    return rows;
  }

  async #decode(rows: readonly Row[]): Promise<number> {
    // As a native call does, it ends in a later turn of the event loop.
    await new Promise(setImmediate);
    return this.#hold(rows, await this.onDecode(rows));
  }

  #decodeHere(rows: readonly Row[]): number {
    this.decodedHere++;
    const code = this.onDecode(rows);
    if (typeof code !== "number") throw new Error("nobody waits for a promise here");
    return this.#hold(rows, code);
  }

  #hold(rows: readonly Row[], code: number): number {
    if (code !== 0) return code;
    for (const { sequence, position, token } of rows) {
      const held = this.held[sequence] ?? [];
      if (held.length !== position)
        throw new Error(`position ${position} of sequence ${sequence} is not ${held.length}`);
      held.push(token);
    }
    return 0;
  }
}

function createBatch(rowsOf: () => Row[]): StepLoopParts["batch"] {
  return {
    capacity: 512,
    get size() {
      return rowsOf().length;
    },
    get rows() {
      return rowsOf().filter(({ output }) => output).length;
    },
    // The fake decode reads the rows themselves.
    struct: {} as StepLoopParts["batch"]["struct"],
    clear: () => void rowsOf().splice(0),
    add: (token, position, sequence, output) => rowsOf().push({ token, position, sequence, output }) - 1,
  };
}

/** Rows of one number each: what a model that sees a token n would see. */
function createMediaBatch(onFill: (rows: Row[]) => void): MediaStepsParts["batch"] {
  let filled: Row[] = [];
  return {
    capacity: 512,
    partsPerPosition: 1,
    get size() {
      return filled.length;
    },
    get rows() {
      return filled.filter(({ output }) => output).length;
    },
    struct: {} as StepLoopParts["batch"]["struct"],
    fill({ rows, positions, sequence, output }) {
      filled = Array.from(rows, (token, index) => ({
        token,
        position: positions[index] ?? -1,
        sequence,
        output: output && index === rows.length - 1,
      }));
      onFill(filled);
    },
  };
}

/** A step loop over a fake model. */
export function startLoop(
  model: FakeModel,
  { cache, ...parts }: Partial<StepLoopParts> & Pick<Partial<SlotMemoryOptions>, "cache"> = {},
) {
  const warnings: string[] = [];
  const context = { ...model.context, sequences: model.sequences };
  const memory = new SlotMemory(context, { canTruncate: true, maxPaddingRows: 1, hasMediaPositions: false, cache });
  const chain = { free() {} } as Sampler;
  const loop = new StepLoop({
    context,
    memory,
    batch: model.batch,
    media: undefined,
    vocabulary: model.vocabulary,
    sample: model.sample,
    drafter: undefined,
    turns: createTurns(),
    placing: { choose: () => "elsewhere", observe() {} },
    promptBudget: createPromptBudget({ batchTokens: 512, efficientRows: 64 }),
    maxPaddingRows: 1,
    chainFor: () => chain,
    threads: () => ({ decode: 1, prefill: 1 }),
    onIdle() {},
    onStep() {},
    warn: (message) => void warnings.push(message),
    ...parts,
  });
  /** Submits a job for a prompt that ends in `last`, and reads its answer. */
  const ask = (prompt: readonly number[], more: Partial<GenerateJob> = {}) => {
    const request = new GenerateRequest(job(Int32Array.from(prompt), { maxTokens: 3, ...more }), {
      onTaken: () => loop.wake(),
    });
    loop.submit(request);
    return { request, events: Array.fromAsync(request.outbox) };
  };
  return { loop, memory, warnings, ask };
}

/** The text of an answer's choice. */
export function textOf(events: readonly EngineEvent[], choice = 0): string {
  return events.map((event) => (event.type === "text" && event.choice === choice ? event.text : "")).join("");
}
