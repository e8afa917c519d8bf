import { isMedia } from "../kv/media-tokens.ts";
import { commonPrefix } from "../kv/slots.ts";
import type { Threads } from "../cpu/threads.ts";
import type { Sequence } from "../loop/sequence.ts";
import { Batch } from "../native/batch.ts";
import type { Context } from "../native/context.ts";
import type { Model } from "../native/model.ts";
import type { Vocabulary } from "../native/vocabulary.ts";
import { mostLikely } from "../sampling/logprobs.ts";
import type { Drafter } from "./drafter.ts";

export interface DraftModelParts {
  readonly model: Model;
  /** With as many sequences, of the same length, as the model it drafts for. */
  readonly context: Context;
  readonly max: number;
  readonly threads: () => Threads;
}

/** A draft token that the small model itself does not believe in is not worth a check; llama.cpp's own bound. */
const minProbability = 0.75;

/** A small model of the same vocabulary drafts: it runs ahead of the large one, all sequences together. */
export function createDraftModel({ model, context, max, threads }: DraftModelParts): Drafter {
  const batch = new Batch(context.batchTokens);
  /** By sequence id: what the context's memory holds. */
  const held = Array.from({ length: context.sequences }, (): number[] => []);

  /** Computes what a sequence lacks of its tokens but for the last, within `budget`. Returns how many tokens it took. */
  async function catchUp(id: number, tokens: readonly number[], budget: number): Promise<number> {
    const start = truncate(id, tokens);
    const missing = tokens.slice(start, Math.min(tokens.length - 1, start + budget));
    for (const token of missing) {
      add(id, token, false);
      if (batch.room === 0) await run();
    }
    return missing.length;
  }

  /** Feeds each sequence its last token, and gives the batch index of its logits. */
  async function feed(wanted: ReadonlyMap<Sequence, readonly number[]>): Promise<Map<Sequence, number>> {
    const rows = new Map<Sequence, number>();
    for (const [sequence, tokens] of wanted) {
      for (const token of tokens.slice(truncate(sequence.slot.id, tokens), -1)) add(sequence.slot.id, token, false);
      rows.set(sequence, batch.size);
      add(sequence.slot.id, tokens.at(-1) ?? 0, true);
    }
    await run();
    return rows;
  }

  /** Keeps what a sequence's memory shares with its tokens; the last one's logits are wanted, so it is never kept. */
  function truncate(id: number, tokens: readonly number[]): number {
    const memory = (held[id] ??= []);
    const keep = Math.min(commonPrefix(memory, tokens), tokens.length - 1);
    memory.length = context.seqRm(id, keep) ? keep : 0;
    if (memory.length !== keep) context.seqRm(id, -1);
    return memory.length;
  }

  function add(id: number, token: number, output: boolean): void {
    const memory = (held[id] ??= []);
    batch.add(token, memory.length, id, output);
    memory.push(token);
  }

  async function run(): Promise<void> {
    if (batch.size === 0) return;
    const { decode, prefill } = threads();
    context.setThreads(decode, prefill);
    const code = await context.decode(batch);
    if (code !== 0) throw new Error(`the draft model's decode failed with ${code}`);
    batch.clear();
  }

  /** The token it believes in after a row, if any. */
  function sample(row: number): number | undefined {
    const logits = context.logits(row, model.vocabulary.size);
    const [best = 0] = mostLikely(logits, 1);
    let sum = 0;
    for (const logit of logits) sum += Math.exp(logit - (logits[best] ?? 0));
    return 1 / sum < minProbability || model.vocabulary.isEog(best) ? undefined : best;
  }

  /** Those that the small model has caught up with, each with all of its tokens. */
  async function ready(sequences: readonly Sequence[], budget: number): Promise<Map<Sequence, readonly number[]>> {
    const wanted = new Map<Sequence, readonly number[]>();
    let left = budget;
    for (const sequence of sequences) {
      const tokens = [...sequence.slot.tokens, sequence.next];
      left -= await catchUp(sequence.slot.id, tokens, left);
      if ((held[sequence.slot.id]?.length ?? 0) === tokens.length - 1) wanted.set(sequence, tokens);
    }
    await run();
    return wanted;
  }

  /** Sequences that nobody drafts for leave a cache that all of them share. */
  function makeRoom(sequences: readonly Sequence[]): void {
    const ids = new Set(sequences.map(({ slot }) => slot.id));
    const used = held.reduce((sum, memory) => sum + memory.length, 0);
    const needed = sequences.reduce((sum, { slot }) => sum + slot.tokens.length + 1 + max, 0);
    if (used + needed <= context.cells) return;
    for (const [id, memory] of held.entries()) {
      if (ids.has(id) || memory.length === 0) continue;
      context.seqRm(id, -1);
      memory.length = 0;
    }
  }

  return {
    async draft(decoding, budget) {
      for (const sequence of decoding) sequence.draft = [];
      // It sees nothing of pictures, and would draft for another prompt.
      const sequences = decoding.filter(({ slot }) => !slot.tokens.some(isMedia));
      batch.clear();
      makeRoom(sequences);
      let wanted = await ready(sequences, budget);
      for (let round = 0; round < max && wanted.size > 0; round++) {
        const rows = await feed(wanted);
        const further = new Map<Sequence, readonly number[]>();
        for (const [sequence, tokens] of wanted) {
          const token = sample(rows.get(sequence) ?? -1);
          if (token === undefined || tokens.length >= context.sequenceLength) continue;
          sequence.draft = [...sequence.draft, token];
          further.set(sequence, [...tokens, token]);
        }
        wanted = further;
      }
    },
    reset() {
      context.clear();
      for (const memory of held) memory.length = 0;
    },
    async free() {
      batch.free();
      await context.free();
      await model.free();
    },
  };
}

/** Why a model cannot draft for another; undefined: it can. Draft tokens are ids, so both must mean the same by them. */
export function vocabularyMismatch(target: Vocabulary, draft: Vocabulary): string | undefined {
  if (target.size !== draft.size) return `its vocabulary has ${draft.size} tokens, the model's ${target.size}`;
  for (let token = 0; token < target.size; token++)
    if (target.text(token) !== draft.text(token)) return `its token ${token} is not the model's`;
  return undefined;
}
