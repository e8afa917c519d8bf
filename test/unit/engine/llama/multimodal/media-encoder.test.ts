import { expect, test } from "vitest";
import type { MediaSpan, PromptPart } from "../../../../../services/engine/engine.ts";
import { GenerateRequest } from "../../../../../services/engine/llama/loop/generate-request.ts";
import { createTurns } from "../../../../../services/engine/llama/loop/turns.ts";
import { EmbeddingCache } from "../../../../../services/engine/llama/multimodal/embedding-cache.ts";
import { MediaEncoder, type MediaEncoderParts } from "../../../../../services/engine/llama/multimodal/media-encoder.ts";
import type { Chunk } from "../../../../../services/engine/llama/native/mtmd/projector.ts";
import { job } from "../../../../support/engine-job.ts";

const picture = (name: string): PromptPart => ({ kind: "image", data: Buffer.from(name), detail: "auto", param: name });

/** A prompt of pictures alone, each of one piece of one row, and their spans. */
function spansOf(...names: readonly string[]): MediaSpan[] {
  const parts = names.map(picture);
  return names.map((key, medium) => ({
    start: medium,
    rows: 1,
    key,
    isCausal: true,
    positions: Int32Array.of(medium),
    parts,
    medium,
    piece: 0,
  }));
}

function start({ turnsEach = 1, cacheBytes = 1000 } = {}) {
  const log: string[] = [];
  const failures: unknown[] = [];
  let onTurn = async (): Promise<void> => {};
  const projector: MediaEncoderParts["projector"] = {
    async chunks(parts, decodes) {
      const media = parts.filter((part) => typeof part !== "string");
      const decoded = media.filter(decodes).map(({ param }) => param);
      log.push(`decode ${decoded.join()}`);
      const list = media.map((_, index): Chunk => {
        return { kind: "media", media: index, rows: 1, positions: 1, isCausal: true, pointer: BigInt(index) as never };
      });
      return { list, [Symbol.dispose]: () => log.push("free chunks") };
    },
    encode({ media }) {
      let left = turnsEach;
      return {
        async run() {
          await onTurn();
          log.push(`turn ${media}`);
          return --left > 0 ? undefined : Float32Array.of(media);
        },
        free: async () => void log.push(`free ${media}`),
      };
    },
  };
  const turns = createTurns();
  const encoder = new MediaEncoder({
    projector,
    cache: new EmbeddingCache(cacheBytes),
    turns,
    isBusy: () => true,
    onReady() {},
    onFailed: (_request, error) => void failures.push(error),
  });
  const request = () => new GenerateRequest(job(Int32Array.of(1)), { onTaken() {} });
  return {
    encoder,
    turns,
    log,
    failures,
    request,
    /** Resolves when nothing is being encoded, and all that was begun is freed. */
    settled: async (pictures: number) => {
      await expect.poll(() => log.filter((line) => line === "free chunks").length).toBe(pictures);
      await encoder.close();
    },
    beforeTurn: (action: () => Promise<void>) => void (onTurn = action),
  };
}

test("makes the rows of each picture, in order, and decodes only that one", async () => {
  const { encoder, request, log, settled } = start();
  const spans = spansOf("a", "b");
  const asked = request();
  encoder.want(asked, spans);
  await settled(2);
  expect(spans.map((span) => encoder.rows(asked, span))).toEqual([Float32Array.of(0), Float32Array.of(1)]);
  expect(log).toEqual(["decode a", "turn 0", "free 0", "free chunks", "decode b", "turn 1", "free 1", "free chunks"]);
});

test("the same picture is encoded once, also for another request", async () => {
  const { encoder, request, log } = start();
  const [one, other] = [request(), request()];
  const [spans, again] = [spansOf("a"), spansOf("a")];
  encoder.want(one, spans);
  encoder.want(other, again);
  await expect.poll(() => again.map((span) => encoder.rows(other, span))).toEqual([Float32Array.of(0)]);
  expect(log.filter((line) => line.startsWith("turn"))).toHaveLength(1);
});

test("others have their turns between those of one picture", async () => {
  const { encoder, request, turns, log, settled, beforeTurn } = start({ turnsEach: 3 });
  beforeTurn(async () => {
    // As the step loop does: it asks for its next turn while this one runs.
    void turns.take(async () => void log.push("step"));
  });
  encoder.want(request(), spansOf("a"));
  await settled(1);
  expect(log.slice(1, 6)).toEqual(["turn 0", "step", "turn 0", "step", "turn 0"]);
});

test("stops when nobody wants it any more, and frees what it had begun", async () => {
  const { encoder, request, log, settled, beforeTurn } = start({ turnsEach: 1000 });
  const asked = request();
  beforeTurn(async () => {
    if (log.filter((line) => line === "turn 0").length === 2) asked.abandoned = true;
  });
  const [span] = spansOf("a");
  encoder.want(asked, [span!]);
  await settled(1);
  expect(log).toEqual(["decode a", "turn 0", "turn 0", "turn 0", "free 0", "free chunks"]);
  expect(encoder.rows(asked, span!)).toBeUndefined();
});

test("a failure is that of its request, and the next one has its turn", async () => {
  const { encoder, request, failures, log, settled, beforeTurn } = start();
  beforeTurn(async () => {
    if (failures.length === 0 && !log.includes("free 0")) throw new Error("no memory");
  });
  const [one, other] = [request(), request()];
  const next = spansOf("b");
  encoder.want(one, spansOf("a"));
  encoder.want(other, next);
  await settled(2);
  expect(failures).toEqual([new Error("no memory")]);
  expect(encoder.rows(other, next[0]!)).toBeDefined();
});

test("rows that a request has live as long as it needs them, whatever becomes of the cache", async () => {
  const { encoder, request, settled } = start({ cacheBytes: 0 });
  const asked = request();
  const [span] = spansOf("a");
  encoder.want(asked, [span!]);
  await settled(1);
  expect(encoder.rows(asked, span!)).toBeDefined();
  encoder.release(asked, span!);
  expect(encoder.rows(asked, span!)).toBeUndefined();
});

test("what media_cache_size has no room for is encoded again", async () => {
  for (const [cacheBytes, turns] of [
    [1000, 1],
    [0, 2],
  ] as const) {
    const { encoder, request, settled, log } = start({ cacheBytes });
    const [span] = spansOf("a");
    for (const asked of [request(), request()]) {
      encoder.want(asked, [span!]);
      await expect.poll(() => encoder.rows(asked, span!)).toBeDefined();
      encoder.release(asked, span!);
    }
    await settled(turns);
    expect(log.filter((line) => line === "turn 0")).toHaveLength(turns);
  }
});

test("close ends what runs within a turn", async () => {
  const { encoder, request, log } = start({ turnsEach: 1000 });
  encoder.want(request(), spansOf("a"));
  await expect.poll(() => log).toContain("turn 0");
  await encoder.close();
  expect(log.slice(-2)).toEqual(["free 0", "free chunks"]);
});
