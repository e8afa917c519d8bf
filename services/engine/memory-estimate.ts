/** What a model will take on one device, in bytes. */
export interface DeviceEstimate {
  /** `RAM`, `GPU0` … */
  readonly device: string;
  readonly weights: number;
  /** Of one slot. */
  readonly kvPerSlot: number;
  /** Of buffers that do not depend on the number of slots, and those that do are in `computePerSlot`. */
  readonly compute: number;
  readonly computePerSlot: number;
  /** The process itself, with its libraries and the model's vocabulary. */
  readonly process: number;
}

/** A device that a process has seen. */
export interface DeviceFacts {
  readonly device: string;
  readonly description: string;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** What an engine says of a model before it loads it. */
export interface MemoryEstimate {
  readonly parts: readonly DeviceEstimate[];
  /**
   * Set: most of the mapped file is there in another order too, so that its pages are given back after the load. Of them
   * this many bytes come back with the first request.
   */
  readonly returnableBytes?: number | undefined;
  readonly minSlots: number;
  readonly maxSlots: number;
  /** The GPUs of this machine. */
  readonly gpus: readonly DeviceFacts[];
}

/** What a model was seen to take with its load. */
export interface MemoryUse {
  /** By device. */
  readonly gpus: Readonly<Record<string, number>>;
  /** What the resident set of its process has that is counted as a GPU's: of one that is a program (llvmpipe). */
  readonly emulatedBytes: number;
  /** The rest of the resident set of its process, and what is reserved that only the first request touches. */
  readonly ramBytes: number;
}

/** How a model is to be loaded. */
export interface LoadPlan {
  /** undefined: as many as the engine thinks fit. */
  readonly slots: number | undefined;
  /** What is left of the RAM that models may take, for caches; undefined: nobody has counted. */
  readonly spareRamBytes: number | undefined;
}
