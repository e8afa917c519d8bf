import type { MediaSpan } from "../../engine.ts";
import type { MediaEncoder } from "../multimodal/media-encoder.ts";
import type { MediaBatch } from "../native/mtmd/media-batch.ts";
import type { StepPlan } from "./fill-batch.ts";
import type { GenerateRequest } from "./generate-request.ts";
import type { Sequence } from "./sequence.ts";

export interface MediaStepsParts {
  readonly encoder: Pick<MediaEncoder, "rows" | "want" | "release">;
  readonly batch: Pick<MediaBatch, "fill" | "struct" | "size" | "rows" | "partsPerPosition" | "capacity">;
}

/**
 * Puts the embeddings of pictures and sounds into the memory. llama.cpp takes them in batches of their own, so these are
 * steps of their own, of one sequence, in turn with those of tokens.
 */
export class MediaSteps {
  readonly #parts: MediaStepsParts;
  #tookLast = false;

  constructor(parts: MediaStepsParts) {
    this.#parts = parts;
  }

  /** A request's prompt begins: asks for the embeddings that are not in memory. */
  begin(request: GenerateRequest, cachedTokens: number): void {
    const missing = request.job.media?.filter(({ start, rows }) => start + rows > cachedTokens) ?? [];
    if (missing.length > 0) this.#parts.encoder.want(request, missing);
  }

  /** Whether a sequence cannot go on until its embeddings are there. */
  isWaiting(sequence: Sequence): boolean {
    const span = sequence.nextMedia;
    return span !== undefined && this.#parts.encoder.rows(sequence.request, span) === undefined;
  }

  /** The step that comes next, where it is one of these: of the request that came first. */
  plan(running: readonly Sequence[], promptTokens: number): StepPlan | undefined {
    if (this.#tookLast && running.some((sequence) => sequence.nextMedia === undefined)) {
      this.#tookLast = false;
      return undefined;
    }
    const [sequence] = running
      .filter((each) => each.choice === 0 && each.nextMedia !== undefined && !this.isWaiting(each))
      .sort((a, b) => a.request.arrivedAt - b.request.arrivedAt);
    const span = sequence?.nextMedia;
    const rows = span && sequence && this.#parts.encoder.rows(sequence.request, span);
    this.#tookLast = rows !== undefined;
    if (sequence === undefined || span === undefined || rows === undefined) return undefined;
    return this.#fill(sequence, { span, rows, promptTokens });
  }

  #fill(
    sequence: Sequence,
    { span, rows, promptTokens }: { span: MediaSpan; rows: Float32Array; promptTokens: number },
  ): StepPlan {
    const { batch, encoder } = this.#parts;
    const { slot, request } = sequence;
    const from = slot.tokens.length - span.start;
    const left = span.rows - from;
    const count = span.isCausal ? Math.min(left, promptTokens, batch.capacity) : left;
    const width = rows.length / span.rows;
    const output = count === sequence.remainingPrompt;
    batch.fill({
      rows: rows.subarray(from * width, (from + count) * width),
      positions: slicePositions(span, { from, count, parts: batch.partsPerPosition }),
      sequence: slot.id,
      output,
    });
    if (count === left) encoder.release(request, span);
    const tokens = Array.from(request.job.prompt.subarray(slot.tokens.length, slot.tokens.length + count));
    const part = { sequence, tokens, rows: output ? [count - 1] : [] };
    return { batch, isCausal: span.isCausal, parts: [part], padded: [], promptTokens: count };
  }
}

function slicePositions(
  { positions, rows }: MediaSpan,
  { from, count, parts }: { from: number; count: number; parts: number },
): Int32Array {
  const slice = new Int32Array(count * parts);
  for (let part = 0; part < parts; part++)
    slice.set(positions.subarray(part * rows + from, part * rows + from + count), part * count);
  return slice;
}
