import { MediaSteps } from "../loop/media-steps.ts";
import type { Context } from "../native/context.ts";
import { MediaBatch } from "../native/mtmd/media-batch.ts";
import type { Projector } from "../native/mtmd/projector.ts";
import type { Vocabulary } from "../native/vocabulary.ts";
import { EmbeddingCache } from "./embedding-cache.ts";
import { MediaEncoder, type MediaEncoderParts } from "./media-encoder.ts";
import { MediaPrompter } from "./media-prompter.ts";

/** What a model with a projector has beside the others. */
export interface MediaParts {
  readonly prompter: MediaPrompter;
  readonly encoder: MediaEncoder;
  readonly steps: MediaSteps;
  /** After the loop and the encoder are closed. */
  free(): Promise<void>;
}

export interface CreateMediaOptions extends Omit<MediaEncoderParts, "cache" | "projector"> {
  readonly projector: Projector;
  readonly vocabulary: Vocabulary;
  readonly context: Pick<Context, "microBatchTokens" | "batchTokens">;
  /** What embeddings that are kept may take. */
  readonly cacheBytes: number;
}

export function createMedia({ projector, vocabulary, context, cacheBytes, ...parts }: CreateMediaOptions): MediaParts {
  const { microBatchTokens } = context;
  const encoder = new MediaEncoder({ ...parts, projector, cache: new EmbeddingCache(cacheBytes) });
  // Rows that see each other have to be in one micro-batch; for the others a larger batch brings nothing.
  const batch = new MediaBatch({
    capacity: microBatchTokens,
    width: projector.width,
    partsPerPosition: projector.usesMrope ? 4 : 1,
  });
  return {
    prompter: new MediaPrompter({ projector, vocabulary, batchRows: microBatchTokens }),
    encoder,
    steps: new MediaSteps({ encoder, batch }),
    async free() {
      batch.free();
      await projector.free();
    },
  };
}
