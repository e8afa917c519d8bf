import { readFileSync } from "node:fs";
import { deflateSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { ErrorReason, type RpcError } from "../../clients/errors.ts";
import { ImageDetail } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import { completion } from "../support/ask-worker.ts";
import {
  answerTokens,
  cases,
  media,
  type MediumName,
  promptPieces,
  writeModelFiles,
} from "../support/multimodal-cases.ts";
import { buildMs, buildMultimodal, hasMultimodal } from "../support/multimodal-library.ts";
import { startWorker, type TestWorker, type WrittenSettings } from "../support/worker.ts";
import { pngOf } from "../support/write-picture.ts";
import type { ProjectorKind } from "../support/write-projector.ts";

const recorded = JSON.parse(readFileSync(new URL("../data/multimodal/answers.json", import.meta.url), "utf8")) as {
  kind: ProjectorKind;
  message: string;
  promptTokens: number;
  answer: string;
}[];

function start(kind: ProjectorKind, settings: WrittenSettings = {}, size?: Parameters<typeof writeModelFiles>[1]) {
  return startWorker({ n_ctx: 2048, n_threads: 1, ...writeModelFiles(kind, size), ...settings });
}

type Part =
  | { readonly case: "text"; readonly value: string }
  | {
      readonly case: "image" | "audio";
      readonly value: {
        readonly source: { readonly case: "data"; readonly value: Uint8Array };
        readonly detail?: ImageDetail;
      };
    };

const text = (value: string): Part => ({ case: "text", value });
const image = (value: Uint8Array, detail?: ImageDetail): Part => ({
  case: "image",
  value: { source: { case: "data", value }, ...(detail !== undefined && { detail }) },
});
const audio = (value: Uint8Array): Part => ({ case: "audio", value: { source: { case: "data", value } } });

/** A message in the tests' own writing as parts of a prompt. */
function partsOf(message: string): Part[] {
  return promptPieces({ message }).map((piece, index) => {
    if (index % 2 === 0) return text(piece);
    const data = media[piece as MediumName];
    return piece === "tone" || piece === "noise" ? audio(data) : image(data);
  });
}

interface Answer {
  readonly text: string;
  readonly promptTokens: number;
  readonly cachedTokens: number;
}

async function ask(
  { inference }: TestWorker,
  parts: readonly Part[],
  { maxTokens = answerTokens, signal }: { maxTokens?: number; signal?: AbortSignal } = {},
): Promise<Answer> {
  const prompt = { kind: { case: "parts" as const, value: { parts: parts.map((part) => ({ part })) } } };
  const answer = { text: "", promptTokens: -1, cachedTokens: -1 };
  const request = { prompt, options: { temperature: 0, maxTokens } };
  for await (const { event } of inference.complete(request, signal && { signal })) {
    if (event.case === "text") answer.text += event.value.text;
    if (event.case !== "finished") continue;
    answer.promptTokens = event.value.usage?.promptTokens ?? -1;
    answer.cachedTokens = event.value.usage?.cachedTokens ?? -1;
  }
  return answer;
}

async function refusal(worker: TestWorker, parts: readonly Part[]): Promise<RpcError> {
  return ask(worker, parts).then(
    ({ text: said }) => Promise.reject(new Error(`it answered ${said}`)),
    (error: unknown) => error as RpcError,
  );
}

describe.skipIf(!hasMultimodal)("pictures and sounds", () => {
  beforeAll(buildMultimodal, buildMs);

  describe.each([...new Set(cases.map(({ kind }) => kind))])("with a projector of the kind %s", (kind) => {
    const expected = recorded.filter((each) => each.kind === kind);

    test("answers are those of llama-server, also many at once and from the cache", async () => {
      await using worker = await start(kind, { n_slots: 2 });
      for (const { message, promptTokens, answer } of expected) {
        const first = await ask(worker, partsOf(message));
        expect([message, first.promptTokens, first.text]).toEqual([message, promptTokens, answer]);
        const second = await ask(worker, partsOf(message));
        expect(second).toEqual({ ...first, cachedTokens: promptTokens - 1 });
      }
      const together = await Promise.all(expected.map(({ message }) => ask(worker, partsOf(message))));
      expect(together.map(({ text: said }) => said)).toEqual(expected.map(({ answer }) => answer));
    });
  });

  describe("memory", () => {
    const longText = text("Once upon a time there was a bear, and this is its story. ".repeat(8));

    test.each(["llava", "qwen2vl"] as const)(
      "a picture that lost its slot comes back with its state (%s)",
      async (kind) => {
        await using worker = await start(kind, { n_slots: 1 });
        const parts = [
          ...partsOf("{wide} {red} {tall}"),
          text("What do you see in these three pictures of mine, my friend?"),
        ];
        const first = await ask(worker, parts);
        await ask(worker, [longText]);
        const again = await ask(worker, parts);
        expect(again).toEqual({ ...first, cachedTokens: first.promptTokens - 1 });
      },
    );

    test("a later turn goes on after the picture", async () => {
      await using worker = await start("qwen2vl", { n_slots: 1 });
      const first = [text("Here is what I have seen on my way home today: "), image(media.wide), text("What is it?")];
      const { promptTokens } = await ask(worker, first);
      const { cachedTokens } = await ask(worker, [
        ...first,
        text(" And what is this? "),
        image(media.red),
        text("Say it."),
      ]);
      expect(cachedTokens).toBeGreaterThanOrEqual(promptTokens);
    });

    test("of two pictures in the same place none is taken for the other", async () => {
      await using worker = await start("llava", { n_slots: 1 });
      const before = text("Once upon a time there was a painter who lived near a forest, and who had painted this: ");
      const [red, stripes] = [
        [before, image(media.red)],
        [before, image(media.stripes)],
      ] as const;
      const end = text("What is on it?");
      const alone = await ask(worker, [...stripes, end]);
      await ask(worker, [...red, end]);
      const after = await ask(worker, [...stripes, end]);
      expect(after.text).toBe(alone.text);
      expect((await ask(worker, [...red, end, text(" Tell me.")])).cachedTokens).toBeLessThan(40);
    });

    test("is counted, and told of the projector", async () => {
      await using worker = await start("llava");
      expect(worker.model.details).toMatchObject({ vision: true, audio: false });
      await using listening = await start("qwen2a");
      expect(listening.model.details).toMatchObject({ vision: false, audio: true });
    });
  });

  describe("refuses", () => {
    let worker: TestWorker;
    beforeAll(async () => {
      worker = await start("llava", { n_ctx: 256 });
      return () => worker[Symbol.asyncDispose]();
    });
    const whole = media.wide;

    test.each([
      ["a picture that is none", Buffer.from("not a picture at all")],
      ["a picture that is cut off", whole.subarray(0, Math.floor(whole.length / 2))],
      ["a picture without pixels", pngOf({ width: 0, height: 10 }, deflateSync(Buffer.alloc(10)))],
      [
        "a picture of 50,000 × 50,000 pixels",
        pngOf({ width: 50_000, height: 50_000 }, deflateSync(Buffer.alloc(1000))),
      ],
      ["a picture that says it has 2^31 rows", pngOf({ width: 1, height: 2 ** 31 }, deflateSync(Buffer.alloc(1000)))],
      ["a sound instead of a picture", media.tone],
      ["a picture of nothing but a name", Buffer.from("\x89PNG\r\n\x1a\n", "latin1")],
      ["a GIF of nothing but a name", Buffer.from("GIF89a")],
      ["a JPEG of nothing but a mark", Buffer.from([0xff, 0xd8, 0xff])],
      ["a BMP that lies about its size", Buffer.from(`424d${"ff".repeat(60)}`, "hex")],
    ])("%s, with its place in the request", async (_, data) => {
      const error = await refusal(worker, [text("Look: "), image(data)]);
      expect(error.reason).toBe(ErrorReason.INVALID_PARAMETER);
      expect(error.param).toBe("prompt.parts[1].image.data");
    });

    test("a sound, for a model that only sees", async () => {
      const error = await refusal(worker, [audio(media.tone)]);
      expect(error.reason).toBe(ErrorReason.UNSUPPORTED_PARAMETER);
      expect(error.param).toBe("prompt.parts[0].audio.data");
    });

    test("more pictures than the context holds, before any of them is encoded", async () => {
      const many = Array.from({ length: 16 }, () => image(media.wide));
      expect((await refusal(worker, many)).reason).toBe(ErrorReason.CONTEXT_LENGTH_EXCEEDED);
    });

    test("a picture that has to be seen at once and is larger than a batch", async () => {
      await using small = await start("gemma3", { n_batch: 32, n_ubatch: 32 }, { side: 336 });
      const error = await refusal(small, [image(media.wide)]);
      expect(error.message).toMatch(/takes 144 tokens.*raise n_ubatch/);
    });

    test("sounds that are none, or have no end that fits", async () => {
      await using listening = await start("qwen2a", { n_ctx: 512 });
      expect((await refusal(listening, [audio(Buffer.from("RIFF....WAVEfmt "))])).param).toBe(
        "prompt.parts[0].audio.data",
      );
      expect((await refusal(listening, [audio(Buffer.from("fLaC".padEnd(60, "\xff"), "latin1"))])).reason).toBe(
        ErrorReason.INVALID_PARAMETER,
      );
      expect((await refusal(listening, [audio(media.tone)])).reason).toBe(ErrorReason.CONTEXT_LENGTH_EXCEEDED);
    });

    test("and answers the next question all the same", async () => {
      expect((await ask(worker, partsOf("Tell me about {red}"))).text).toBe(recorded[0]?.answer);
    });
  });

  test("pictures of any shape are seen", async () => {
    await using worker = await start("qwen2vl");
    await using fixed = await start("slices");
    const shapes = [
      [1, 1],
      [1, 3000],
      [3000, 1],
      [7, 5],
      [2000, 30],
    ] as const;
    for (const [width, height] of shapes) {
      const picture = pngOf({ width, height }, deflateSync(Buffer.alloc((width * 3 + 1) * height)));
      for (const each of [worker, fixed])
        expect((await ask(each, [image(picture), text("?")], { maxTokens: 2 })).promptTokens).toBeGreaterThan(1);
    }
  });

  test("low detail takes fewer tokens where their number follows the size", async () => {
    await using worker = await start("qwen2vl");
    const picture = pngOf({ width: 1120, height: 560 }, deflateSync(Buffer.alloc((1120 * 3 + 1) * 560)));
    const tokens = async (detail: ImageDetail) =>
      (await ask(worker, [image(picture, detail)], { maxTokens: 1 })).promptTokens;
    const [high, low] = [await tokens(ImageDetail.HIGH), await tokens(ImageDetail.LOW)];
    // 28 × 28 pixels a token: 1120 × 560, and 512 × 256 to the next 28; and what stands around a picture.
    const around = 16;
    expect([high, low]).toEqual([800 + around, 18 * 9 + around]);
  });

  describe("a picture that takes long to encode", () => {
    const large = { layers: 40, side: 448 };

    test("leaves its slot when the client leaves, and others are answered meanwhile", async () => {
      await using worker = await start("llava", { n_slots: 2 }, large);
      const gone = new AbortController();
      const asked = ask(worker, [text("Look: "), image(media.wide)], { signal: gone.signal });
      const stream = completion(worker, "Once upon a time", { maxTokens: 40 });
      await stream.next();
      gone.abort();
      await expect(asked).rejects.toThrow();
      const pieces = await Array.fromAsync(stream);
      expect(pieces.join("").length).toBeGreaterThan(40);
      await expect.poll(async () => (await worker.now()).stats?.busySlots).toBe(0);
      // What was given up half done is done again, and right.
      const again = await ask(worker, [text("Look: "), image(media.wide)]);
      await using other = await start("llava", { n_slots: 1 }, large);
      expect(again.text).toBe((await ask(other, [text("Look: "), image(media.wide)])).text);
    });

    test("ends with its worker", async () => {
      await using worker = await start("llava", {}, large);
      const failed = refusal(worker, [text("Look: "), image(media.wide)]);
      await expect.poll(async () => (await worker.now()).stats?.busySlots).toBe(1);
      process.kill(worker.pid, "SIGKILL");
      expect(await failed).toBeInstanceOf(Error);
    });
  });

  test("a projector for another model is refused with the reason", async () => {
    const { model } = writeModelFiles("llava");
    await expect(startWorker({ model, clip_model_path: model })).rejects.toThrow(
      /clip_model_path\) could not be loaded/,
    );
  });
});
