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
