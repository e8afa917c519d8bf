import { type GgufTensor, type GgufValue, writeGguf } from "./write-gguf.ts";

/** tiny-guide's width: that of the rows a projector has to make. */
const textWidth = 192;

/**
 * - `llava`: a ViT and a two-layer MLP; every picture is scaled to 56 × 56 pixels and takes 16 tokens
 * - `slices`: the same, but larger pictures are cut, and each piece and the whole are encoded (LLaVA 1.6)
 * - `gemma3`: SigLIP; its tokens see each other in both directions
 * - `qwen2vl`: pictures keep their size, and with it goes the number of tokens; for a text model with M-RoPE
 * - `qwen2a`: Whisper's encoder for sounds; 750 tokens for each 30 s
 */
export type ProjectorKind = "llava" | "slices" | "gemma3" | "qwen2vl" | "qwen2a";

const width = 64;
const feedForward = 128;
const heads = 4;
const patch = 14;
const melBins = 80;
/** Of Whisper: half as many positions as frames of 10 ms in 30 s. */
const soundPositions = 1500;
/** Rows that are much larger than those of tokens drown the text around them. */
const quiet = 0.05;

export interface ProjectorSize {
  readonly layers?: number;
  /** Pixels of a picture's side, as it is encoded; a multiple of 28. */
  readonly side?: number;
}

/**
 * Writes a projector with random weights for tiny-guide, always the same for a kind. What it sees means nothing, but
 * different pictures give different rows.
 */
export function writeProjector(path: string, kind: ProjectorKind, { layers = 2, side = 56 }: ProjectorSize = {}): void {
  const isSound = kind === "qwen2a";
  const weights = new Weights(isSound ? 3 : 7);
  const scope = isSound ? "a" : "v";
  if (isSound) soundInput(weights);
  else pictureInput(weights, kind, side);
  for (let layer = 0; layer < layers; layer++) transformerLayer(weights, `${scope}.blk.${layer}`, isSound);
  weights.norm(`${scope}.post_ln`);
  projection(weights, kind);
  writeGguf(path, {
    metadata: isSound ? soundMetadata(layers) : pictureMetadata(kind, { layers, side }),
    tensors: weights.tensors,
  });
}

function pictureMetadata(kind: ProjectorKind, { layers, side }: Required<ProjectorSize>): Record<string, GgufValue> {
  const type = { llava: "mlp", slices: "mlp", gemma3: "gemma3", qwen2vl: "qwen2vl_merger", qwen2a: "qwen2a" }[kind];
  return {
    "general.architecture": "clip",
    "clip.has_vision_encoder": true,
    "clip.projector_type": type,
    "clip.use_gelu": true,
    ...encoderMetadata("vision", layers),
    "clip.vision.image_size": side,
    "clip.vision.patch_size": patch,
    "clip.vision.image_mean": { float32s: [0.48, 0.46, 0.41] },
    "clip.vision.image_std": { float32s: [0.27, 0.26, 0.28] },
    ...(kind === "gemma3" && { "clip.vision.projector.scale_factor": 2 }),
    ...(kind === "slices" && {
      "clip.vision.image_grid_pinpoints": { int32s: [side, side * 2, side * 2, side, side * 2, side * 2] },
      "clip.vision.mm_patch_merge_type": "spatial_unpad",
    }),
  };
}

function soundMetadata(layers: number): Record<string, GgufValue> {
  return {
    "general.architecture": "clip",
    "clip.has_audio_encoder": true,
    "clip.projector_type": "qwen2a",
    ...encoderMetadata("audio", layers),
    "clip.audio.num_mel_bins": melBins,
  };
}

function encoderMetadata(what: "vision" | "audio", layers: number): Record<string, GgufValue> {
  return {
    [`clip.${what}.embedding_length`]: width,
    [`clip.${what}.feed_forward_length`]: feedForward,
    [`clip.${what}.block_count`]: layers,
    [`clip.${what}.projection_dim`]: textWidth,
    [`clip.${what}.attention.head_count`]: heads,
    [`clip.${what}.attention.layer_norm_epsilon`]: { float32: 1e-5 },
  };
}

function pictureInput(weights: Weights, kind: ProjectorKind, side: number): void {
  const patches = (side / patch) ** 2;
  weights.random("v.patch_embd.weight", [patch, patch, 3, width]);
  if (kind === "qwen2vl") {
    weights.random("v.patch_embd.weight.1", [patch, patch, 3, width]);
    return;
  }
  const hasClass = kind === "llava" || kind === "slices";
  if (hasClass) weights.random("v.class_embd", [width]);
  weights.random("v.position_embd.weight", [width, patches + (hasClass ? 1 : 0)]);
  if (hasClass) weights.norm("v.pre_ln");
}

function soundInput(weights: Weights): void {
  weights.random("a.conv1d.1.weight", [3, melBins, width]);
  weights.zeros("a.conv1d.1.bias", [1, width]);
  weights.random("a.conv1d.2.weight", [3, width, width]);
  weights.zeros("a.conv1d.2.bias", [1, width]);
  weights.random("a.position_embd.weight", [width, soundPositions]);
}

function transformerLayer(weights: Weights, name: string, isSound: boolean): void {
  for (const part of ["attn_q", "attn_k", "attn_v", "attn_out"]) {
    weights.random(`${name}.${part}.weight`, [width, width]);
    // Whisper's keys have none.
    if (!(isSound && part === "attn_k")) weights.zeros(`${name}.${part}.bias`, [width]);
  }
  weights.norm(`${name}.ln1`);
  weights.norm(`${name}.ln2`);
  weights.random(`${name}.ffn_up.weight`, [width, feedForward]);
  weights.zeros(`${name}.ffn_up.bias`, [feedForward]);
  weights.random(`${name}.ffn_down.weight`, [feedForward, width]);
  weights.zeros(`${name}.ffn_down.bias`, [width]);
}

function projection(weights: Weights, kind: ProjectorKind): void {
  switch (kind) {
    case "gemma3":
      weights.ones("mm.soft_emb_norm.weight", [width]);
      // Stored the other way round than all others.
      weights.random("mm.input_projection.weight", [textWidth, width], width, quiet);
      return;
    case "qwen2a":
      weights.random("mm.a.fc.weight", [width, textWidth], width, quiet);
      weights.zeros("mm.a.fc.bias", [textWidth]);
      return;
    default: {
      const input = kind === "qwen2vl" ? width * 4 : width;
      weights.random("mm.0.weight", [input, textWidth]);
      weights.zeros("mm.0.bias", [textWidth]);
      weights.random("mm.2.weight", [textWidth, textWidth], textWidth, kind === "qwen2vl" ? quiet : 1);
      weights.zeros("mm.2.bias", [textWidth]);
      if (kind === "slices") weights.random("model.image_newline", [textWidth]);
    }
  }
}

class Weights {
  readonly tensors: GgufTensor[] = [];
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** Of a size that keeps the size of what goes in, which has `inputs` numbers, or makes it `factor` times that. */
  random(
    name: string,
    shape: readonly number[],
    inputs = shape.slice(0, -1).reduce((a, b) => a * b, 1),
    factor = 1,
  ): void {
    const scale = Math.sqrt(3 / inputs) * factor;
    this.#add(name, shape, () => (this.#next() * 2 - 1) * scale);
  }

  norm(name: string): void {
    this.ones(`${name}.weight`, [width]);
    this.zeros(`${name}.bias`, [width]);
  }

  ones(name: string, shape: readonly number[]): void {
    this.#add(name, shape, () => 1);
  }

  zeros(name: string, shape: readonly number[]): void {
    this.#add(name, shape, () => 0);
  }

  #add(name: string, shape: readonly number[], value: () => number): void {
    const length = shape.reduce((a, b) => a * b, 1);
    this.tensors.push({ name, shape, data: Float32Array.from({ length }, value) });
  }

  /** From 0 to 1: mulberry32, which is the same everywhere. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
