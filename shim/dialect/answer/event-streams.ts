/**
 * Throws unless every choice of a generation has finished: a stream that merely stops must not look like a short answer.
 * `finished`: what is known of the choices that have, by their numbers.
 */
export function requireFinished(finished: ReadonlyMap<number, unknown>, info: { readonly choices: number }): void {
  if (finished.size < info.choices) {
    throw new Error(`the stream ended with ${finished.size} of ${info.choices} choices finished`);
  }
}

/** Waits for a stream's first event, and gives the whole stream; rejects when it fails before. */
export async function firstEvent<T>(events: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = events[Symbol.asyncIterator]();
  const first = await iterator.next();
  return replay();

  async function* replay(): AsyncGenerator<T, void, void> {
    try {
      for (let step = first; !step.done; step = await iterator.next()) yield step.value;
    } finally {
      await iterator.return?.();
    }
  }
}
