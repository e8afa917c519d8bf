import { ErrorReason, RpcError } from "../../../clients/errors.ts";

export interface Merged<T> {
  /** Which of the sources the value came from. */
  readonly source: number;
  readonly value: T;
}

type Step<T> =
  | { readonly source: number; readonly iterator: AsyncIterator<T>; readonly result: IteratorResult<T> }
  | { readonly error: unknown };

/**
 * The values of several streams as they come, of at most `concurrency` at once; the others are opened as those end.
 * At most one value of each waits to be taken. The first failure ends all; so does leaving the iteration. Sources must
 * end when their signal is aborted.
 */
export async function* mergeStreams<T>(
  sources: readonly ((signal: AbortSignal) => AsyncIterable<T>)[],
  options: { readonly concurrency: number; readonly signal: AbortSignal },
): AsyncGenerator<Merged<T>, void, void> {
  const siblings = new AbortController();
  const signal = AbortSignal.any([options.signal, siblings.signal]);
  const unopened = sources.entries();
  const running = new Map<number, Promise<Step<T>>>();
  const pull = (source: number, iterator: AsyncIterator<T>): void => {
    // Behind the others, so that a fast source does not always come first.
    running.delete(source);
    const step = iterator.next().then(
      (result) => ({ source, iterator, result }),
      // A failure is a value until its turn comes: meanwhile nobody may be listening for a rejection.
      (error: unknown) => ({ error }),
    );
    running.set(source, step);
  };
  const openNext = (): void => {
    const next = unopened.next();
    if (!next.done) pull(next.value[0], next.value[1](signal)[Symbol.asyncIterator]());
  };
  try {
    for (let opened = 0; opened < options.concurrency; opened += 1) openNext();
    while (running.size > 0) {
      const step = await Promise.race(running.values());
      if ("error" in step) throw step.error;
      const { source, iterator, result } = step;
      if (result.done) {
        running.delete(source);
        openNext();
      } else {
        pull(source, iterator);
        yield { source, value: result.value };
      }
    }
  } finally {
    siblings.abort(new RpcError(ErrorReason.CANCELLED, "another prompt of the same request ended it"));
    await Promise.all(running.values());
  }
}
