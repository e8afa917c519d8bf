import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import type { Drafter } from "./drafter.ts";
import { mostLikely } from "../sampling/logprobs.ts";
import { Batch } from "../native/batch.ts";
import type { Context } from "../native/context.ts";
import type { Model } from "../native/model.ts";
import type { Vocabulary } from "../native/vocabulary.ts";
import type { Sequence } from "../loop/sequence.ts";
import { commonPrefix } from "../kv/slots.ts";
import type { Threads } from "../cpu/threads.ts";

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

  /** Feeds each sequence what it lacks of its tokens, and gives the batch index of each one's last token. */
  async function feed(wanted: ReadonlyMap<Sequence, readonly number[]>): Promise<Map<Sequence, number>> {
    batch.clear();
    const rows = new Map<Sequence, number>();
    const missing = [...wanted.entries()].map(([sequence, tokens]) => ({
      sequence,
      tokens: tokens.slice(truncate(sequence.slot.id, tokens)),
    }));
    // Prompts that are new here may need several batches, before the one whose logits are wanted.
    if (missing.reduce((sum, { tokens }) => sum + tokens.length, 0) > batch.capacity) {
      for (const { sequence, tokens } of missing) {
        for (const token of tokens.splice(0, tokens.length - 1)) {
          add(sequence.slot.id, token, false);
          if (batch.room === 0) await run();
        }
      }
      await run();
    }
    for (const { sequence, tokens } of missing) {
      for (const [index, token] of tokens.entries()) {
        const last = index === tokens.length - 1;
        if (last) rows.set(sequence, batch.size);
        add(sequence.slot.id, token, last);
      }
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
    if (code !== 0) throw new RpcError(ErrorReason.INTERNAL, `the draft model's decode failed with ${code}`);
    batch.clear();
  }

  /** The token it believes in after a row, if any. */
  function sampleDraft(row: number): number | undefined {
    const logits = context.logits(row, model.vocabulary.size);
    const [best = 0] = mostLikely(logits, 1);
    let sum = 0;
    for (const logit of logits) sum += Math.exp(logit - (logits[best] ?? 0));
    return 1 / sum < minProbability || model.vocabulary.isEog(best) ? undefined : best;
  }

  return {
    max,
    async draft(sequences) {
      let wanted = new Map<Sequence, readonly number[]>(
        sequences.map((sequence) => {
          sequence.draft = [];
          return [sequence, [...sequence.slot.tokens, sequence.next]];
        }),
      );
      for (let round = 0; round < max && wanted.size > 0; round++) {
        const rows = await feed(wanted);
        const further = new Map<Sequence, number[]>();
        for (const [sequence, tokens] of wanted) {
          const token = sampleDraft(rows.get(sequence) ?? -1);
          if (token === undefined || tokens.length >= context.sequenceLength) continue;
          sequence.draft = [...sequence.draft, token];
          further.set(sequence, [...tokens, token]);
        }
        wanted = further;
      }
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
