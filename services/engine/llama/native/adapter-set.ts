import type { LoraAdapter } from "../../../../settings/model/lora-adapters.ts";
import type { AdapterPointer } from "./buffers/pointer.ts";

/** How strongly each of a model's adapters is applied, in their order; 0: not at all. */
export type AdapterScales = readonly number[];

/** Tells sets of scales apart: what was computed with one is of no use to another. */
export function scalesKey(scales: AdapterScales): string {
  return scales.join(" ");
}

/** The LoRA adapters that were loaded with a model, and how strongly they are applied where a request does not say. */
export class AdapterSet {
  readonly pointers: readonly AdapterPointer[];
  readonly #adapters: readonly LoraAdapter[];
  #scales: AdapterScales;

  constructor(adapters: readonly LoraAdapter[], pointers: readonly AdapterPointer[]) {
    this.#adapters = adapters;
    this.pointers = pointers;
    this.#scales = adapters.map(({ scale }) => scale);
  }

  get scales(): AdapterScales {
    return this.#scales;
  }

  /** From the next request on. */
  set scales(scales: AdapterScales) {
    this.#scales = scales;
  }

  list(): LoraAdapter[] {
    return this.#adapters.map((adapter, index) => ({ ...adapter, scale: this.#scales[index] ?? 0 }));
  }
}

/** Of a model without adapters. */
export const noAdapters = new AdapterSet([], []);
