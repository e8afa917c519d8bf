import type { AnswerInfo } from "../../openai/answer-info.ts";

/** Throws unless every choice has finished: a stream that merely stops must not look like a short answer. */
export function requireFinished(finished: ReadonlyMap<number, unknown>, info: Pick<AnswerInfo, "choices">): void {
  if (finished.size < info.choices) {
    throw new Error(`the stream ended with ${finished.size} of ${info.choices} choices finished`);
  }
}
