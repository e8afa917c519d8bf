import type { GenerationOptions } from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { CallContext } from "../rpc/call/call-context.ts";
import { turnHeader, type WorkerInterrupt } from "../protocol/worker-messages.ts";

/** A running generation, until it is disposed of. */
export interface Interruptible extends Disposable {
  /** Aborted when a newer request wants its place; unset: it is never interrupted. */
  readonly interrupted: AbortSignal | undefined;
}

const never: Interruptible = { interrupted: undefined, [Symbol.dispose]: () => {} };

/** The generations of a worker that may be ended early, with what they have, and who asks for that. */
export class Interrupts {
  readonly #running = new Map<AbortController, Turn>();
  #last: WorkerInterrupt | undefined;

  /** A generation begins: interruptible when its caller allows it and the front has numbered it. */
  join(options: GenerationOptions | undefined, { metadata, requestId }: CallContext): Interruptible {
    const number = metadata(turnHeader);
    if (options?.interruptible !== true || number === undefined) return never;
    const controller = new AbortController();
    const turn = { number: Number(number), requestId };
    this.#running.set(controller, turn);
    // The word about it may have been faster than itself.
    if (this.#last !== undefined && isMeant(turn, this.#last)) controller.abort();
    return { interrupted: controller.signal, [Symbol.dispose]: () => void this.#running.delete(controller) };
  }

  onInterrupt(interrupt: WorkerInterrupt): void {
    this.#last = interrupt;
    for (const [controller, turn] of this.#running) if (isMeant(turn, interrupt)) controller.abort();
  }
}

interface Turn {
  readonly number: number;
  readonly requestId: string;
}

function isMeant({ number, requestId }: Turn, { before, except }: WorkerInterrupt): boolean {
  return number < before && requestId !== except;
}
