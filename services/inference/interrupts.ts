import type { WorkerInterrupt } from "../protocol/worker-messages.ts";

/**
 * interrupt_requests: a new generation ends the running ones of its model early, those that allow it. Generations are
 * numbered when they are sent to their worker, so that one which still waits for its turn, or a new one that is faster
 * than the word about it, is not meant.
 */
export class Interrupts {
  readonly #tell: (model: string, interrupt: WorkerInterrupt) => void;
  #turns = 0;

  /** `tell`: reaches the model's worker, if it has one. */
  constructor(tell: (model: string, interrupt: WorkerInterrupt) => void) {
    this.#tell = tell;
  }

  /** The number of a generation that is about to be sent. */
  next(): number {
    return ++this.#turns;
  }

  /** A generation has arrived; those of the same request, which come together, leave each other alone. */
  arrive(model: string, requestId: string): void {
    this.#tell(model, { type: "interrupt", before: this.#turns + 1, except: requestId });
  }
}
