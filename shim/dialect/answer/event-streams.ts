/**
 * Throws unless every choice of a generation has finished: a stream that merely stops must not look like a short answer.
 * `finished`: what is known of the choices that have, by their numbers.
 */
export function requireFinished(finished: ReadonlyMap<number, unknown>, info: { readonly choices: number }): void {
  if (finished.size < info.choices) {
    throw new Error(`the stream ended with ${finished.size} of ${info.choices} choices finished`);
  }
}

interface Event {
  readonly event: { readonly case?: string | undefined };
}

/**
 * Waits for a stream's first event, and gives the whole stream; rejects when it fails before. What tells of the model's
 * load is not part of the answer, and left out.
 */
export async function firstEvent<T extends Event>(events: AsyncIterable<T>): Promise<AsyncIterable<T>> {
  const iterator = events[Symbol.asyncIterator]();
  let first = await iterator.next();
  while (first.done !== true && first.value.event.case === "loading") first = await iterator.next();
  return replay();

  async function* replay(): AsyncGenerator<T, void, void> {
    try {
      for (let step = first; !step.done; step = await iterator.next()) yield step.value;
    } finally {
      await iterator.return?.();
    }
  }
}
