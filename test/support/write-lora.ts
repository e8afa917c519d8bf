import { writeGguf } from "./write-gguf.ts";

/** tiny-guide's width. */
const width = 192;
const rank = 4;

/** Writes a LoRA adapter for tiny-guide that bends the queries of its first layer, enough to change what it says; others with another `pitch`. */
export function writeLora(path: string, pitch = 0.7): void {
  const wave = (length: number, step: number) => Float32Array.from({ length }, (_, index) => Math.sin(index * step));
  writeGguf(path, {
    metadata: {
      "general.architecture": "llama",
      "general.type": "adapter",
      "adapter.type": "lora",
      "adapter.lora.alpha": { float32: rank },
    },
    tensors: [
      { name: "blk.0.attn_q.weight.lora_a", shape: [width, rank], data: wave(width * rank, pitch) },
      { name: "blk.0.attn_q.weight.lora_b", shape: [rank, width], data: wave(width * rank, 1.3) },
    ],
  });
}
