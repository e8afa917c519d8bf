import type { ModelChange } from "../models/model-source.ts";

/** Those who are told when something about a model has changed. */
export class ChangeListeners {
  readonly #listeners = new Set<(id: string, what: ModelChange) => void>();

  add(listener: (id: string, what: ModelChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(id: string, what: ModelChange): void {
    for (const listener of this.#listeners) listener(id, what);
  }

  /** Resolves when `reached` holds after a change, or does now; rejects with the signal's reason when it is aborted before. */
  async until(reached: () => boolean, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (reached()) return;
    await new Promise<void>((resolve, reject) => {
      const stop = this.add(() => {
        if (!reached()) return;
        end();
        resolve();
      });
      const leave = () => {
        end();
        reject(signal?.reason);
      };
      const end = () => {
        stop();
        signal?.removeEventListener("abort", leave);
      };
      signal?.addEventListener("abort", leave, { once: true });
    });
  }
}
