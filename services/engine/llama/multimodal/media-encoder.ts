import type { MediaSpan } from "../../engine.ts";
import type { GenerateRequest } from "../loop/generate-request.ts";
import type { Turns } from "../loop/turns.ts";
import type { Encoding, Projector } from "../native/mtmd/projector.ts";
import type { EmbeddingCache } from "./embedding-cache.ts";

export interface MediaEncoderParts {
  readonly projector: Pick<Projector, "chunks"> & {
    encode(chunk: Parameters<Projector["encode"]>[0]): Pick<Encoding, "run" | "free">;
  };
  readonly cache: EmbeddingCache;
  /** Encoding takes turns with the steps: both want all of the machine. */
  readonly turns: Turns;
  /** Whether there are streams that wait for a turn. */
  readonly isBusy: () => boolean;
  /** Rows that a request waits for are there. */
  readonly onReady: () => void;
  readonly onFailed: (request: GenerateRequest, error: unknown) => void;
}

/** Beside running streams a turn is about as long as a step of theirs, so that they keep half of their pace or more. */
const turnMs = { busy: 25, alone: 100 } as const;

interface Wanted {
  readonly request: GenerateRequest;
  /** All of one medium. */
  readonly spans: readonly MediaSpan[];
}

/** Makes the embeddings that requests wait for, one picture or sound after another, in order of arrival. */
export class MediaEncoder {
  readonly #parts: MediaEncoderParts;
  readonly #wanted: Wanted[] = [];
  /** What requests are given lives as long as they need it, whatever becomes of the cache. */
  readonly #given = new WeakMap<GenerateRequest, Map<MediaSpan, Float32Array>>();
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(parts: MediaEncoderParts) {
    this.#parts = parts;
  }

  /** The rows of a span, which the request has asked for; undefined: they are not there yet. */
  rows(request: GenerateRequest, span: MediaSpan): Float32Array | undefined {
    return this.#given.get(request)?.get(span);
  }

  /** Nobody needs these rows of the request any more. */
  release(request: GenerateRequest, span: MediaSpan): void {
    this.#given.get(request)?.delete(span);
  }

  /** Makes the rows of these spans, in this order. */
  want(request: GenerateRequest, spans: readonly MediaSpan[]): void {
    for (const medium of Map.groupBy(spans, (span) => span.medium).values())
      this.#wanted.push({ request, spans: medium });
    this.#running ??= this.#run();
  }

  /** Ends what runs, within a turn. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // Not before the caller has gone on.
    await Promise.resolve();
    for (let next = this.#wanted.shift(); next !== undefined; next = this.#wanted.shift()) {
      const { request } = next;
      try {
        await this.#provide(next);
      } catch (error) {
        this.#parts.onFailed(request, error);
      }
    }
    this.#running = undefined;
  }

  async #provide({ request, spans }: Wanted): Promise<void> {
    const missing = spans.filter((span) => !this.#give(request, span, this.#parts.cache.get(span.key)));
    const [first] = missing;
    if (first === undefined || this.#isUnwanted(request)) return;
    const mediaOf = first.parts.filter((part) => typeof part !== "string");
    using chunks = await this.#parts.projector.chunks(first.parts, (media) => media === mediaOf[first.medium]);
    const pieces = chunks.list.filter((chunk) => chunk.kind === "media").filter(({ media }) => media === first.medium);
    for (const span of missing) {
      const chunk = pieces[span.piece];
      if (chunk?.rows !== span.rows) throw new Error("a picture has other rows than it had when its prompt was read");
      const rows = await this.#encode(request, chunk);
      if (rows === undefined) return;
      this.#parts.cache.set(span.key, rows);
      this.#give(request, span, rows);
    }
  }

  /** undefined: nobody wants it any more. */
  async #encode(
    request: GenerateRequest,
    chunk: Parameters<Projector["encode"]>[0],
  ): Promise<Float32Array | undefined> {
    const { projector, turns, isBusy } = this.#parts;
    const encoding = projector.encode(chunk);
    try {
      while (!this.#isUnwanted(request)) {
        const rows = await turns.take(() => encoding.run(isBusy() ? turnMs.busy : turnMs.alone));
        if (rows !== undefined) return rows;
      }
      return undefined;
    } finally {
      await encoding.free();
    }
  }

  #isUnwanted(request: GenerateRequest): boolean {
    return this.#closed || request.abandoned;
  }

  #give(request: GenerateRequest, span: MediaSpan, rows: Float32Array | undefined): boolean {
    if (rows === undefined) return false;
    const given = this.#given.get(request) ?? new Map<MediaSpan, Float32Array>();
    this.#given.set(request, given.set(span, rows));
    this.#parts.onReady();
    return true;
  }
}
