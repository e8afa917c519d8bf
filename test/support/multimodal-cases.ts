import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tinyGuidePath } from "./tiny-guide.ts";
import { writeMropeModel } from "./write-mrope-model.ts";
import { type Colour, writePng, writeWav } from "./write-picture.ts";
import { type ProjectorKind, writeProjector } from "./write-projector.ts";

const stripes = (x: number, y: number): Colour => ((x + y) % 8 < 4 ? [0, 0, 0] : [255, 255, 255]);
const shades = (x: number, y: number): Colour => [x % 256, (y * 2) % 256, (x * y) % 256];

/** Pictures and sounds by their names in `cases`. */
export const media = {
  red: writePng({ width: 64, height: 64 }, () => [255, 0, 0]),
  wide: writePng({ width: 200, height: 90 }, shades),
  tall: writePng({ width: 40, height: 170 }, shades),
  stripes: writePng({ width: 56, height: 56 }, stripes),
  tone: writeWav({ seconds: 2, rate: 16_000 }, (time) => Math.sin(time * 2 * Math.PI * 440) / 2),
  noise: writeWav({ seconds: 1, rate: 44_100 }, (time) => ((time * 7919) % 1) - 0.5),
} as const;

export type MediumName = keyof typeof media;

export interface MultimodalCase {
  readonly kind: ProjectorKind;
  /** A user's message, with `{name}` for a picture or sound. */
  readonly message: string;
}

const pictures = ["Tell me about {red}", "{wide}", "What is {stripes}?", "{red} and {tall}: differences?"];
const pictureKinds = ["llava", "slices", "gemma3", "qwen2vl"] as const;

/** What both servers are asked at temperature 0; llama-server's answers are in test/data/multimodal. */
export const cases: readonly MultimodalCase[] = [
  ...pictureKinds.flatMap((kind) => pictures.map((message) => ({ kind, message }))),
  { kind: "qwen2a", message: "Listen: {tone}" },
  { kind: "qwen2a", message: "{noise} Is it like {tone}?" },
];

/** Tokens of each answer. */
export const answerTokens = 24;

/** A case's prompt in pieces: texts, and names of media at every second place. */
export function promptPieces({ message }: Pick<MultimodalCase, "message">): string[] {
  return `<|im_start|>user\n${message}<|im_end|>\n<|im_start|>assistant\n`.split(/\{(\w+)\}/);
}

export interface ModelFiles {
  readonly model: string;
  readonly clip_model_path: string;
}

/** Writes a kind's projector, and the model that goes with it. */
export function writeModelFiles(kind: ProjectorKind, options?: Parameters<typeof writeProjector>[2]): ModelFiles {
  const folder = mkdtempSync(join(tmpdir(), "tw-multimodal-"));
  const projector = join(folder, `${kind}.gguf`);
  writeProjector(projector, kind, options);
  const model = kind === "qwen2vl" ? join(folder, "model.gguf") : tinyGuidePath;
  if (kind === "qwen2vl") writeMropeModel(model);
  return { model, clip_model_path: projector };
}
