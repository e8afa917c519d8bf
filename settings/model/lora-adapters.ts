import type { ModelSettings } from "../settings.ts";

/** A LoRA adapter that is loaded with a model. */
export interface LoraAdapter {
  /** What requests call it by: its place. */
  readonly id: number;
  readonly path: string;
  /** How strongly it is applied where a request says nothing else; 0: not at all. */
  readonly scale: number;
}

/** The adapters that a model's settings name: that of `lora_path`, then those of `lora_adapters`. */
export function loraAdapters(settings: Pick<ModelSettings, "lora_path" | "lora_adapters">): LoraAdapter[] {
  const { lora_path: first, lora_adapters: others = [] } = settings;
  const named = [...(first === undefined ? [] : [{ path: first, scale: 1 }]), ...others.map(parseAdapter)];
  return named.map((adapter, id) => ({ id, ...adapter }));
}

const maxScale = 1_000;

/** `file.gguf` or `file.gguf:0.5`, as llama-server's --lora-scaled writes it. */
export function parseAdapter(text: string): { readonly path: string; readonly scale: number } {
  const [, path = text, scale = "1"] = /^(.+):(-?\d+(?:\.\d+)?)$/s.exec(text) ?? [];
  return { path, scale: Number(scale) };
}

export function isAdapter(text: string): boolean {
  const { path, scale } = parseAdapter(text);
  return path !== "" && Math.abs(scale) <= maxScale;
}
