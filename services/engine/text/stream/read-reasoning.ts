import type { AnswerStream, Reading } from "./answer-stream.ts";
import { readUntil, skip, skipSpace } from "./read-text.ts";

/** The texts around a model's reasoning. */
export interface ReasoningTags {
  readonly start: string;
  readonly end: string;
  /** The white space between the end and a call, as the template writes it; unset: not known. */
  readonly gap?: string | undefined;
}

/**
 * Reads reasoning where it may stand: at the very beginning of the answer. `open`: the prompt has already begun it.
 * White space around the tags is the template's, not the model's; only what stands before the end tag is kept.
 */
export function* readReasoning(stream: AnswerStream, tags: ReasoningTags, open: boolean): Reading<void> {
  if (open) stream.section = "reasoning";
  const from = stream.at;
  yield* skipSpace(stream);
  // Some models write the tag once more after a prompt that ends with it.
  if (yield* skip(stream, tags.start)) yield* skipSpace(stream);
  else if (!open) return stream.rewind(from);
  stream.section = "reasoning";
  yield* readUntil(stream, {
    markers: [tags.end],
    emit: (start, end) => stream.emitReasoning(start, end),
    trim: false,
  });
  stream.section = "answer";
  yield* skipSpace(stream);
  stream.commit();
}
