import { ErrorReason, invalidParameter, RpcError } from "../../../../clients/errors.ts";

/** Texts of one request, at most: OpenAI's number for embeddings. */
const maxTexts = 2048;

/** Checks how many texts a request has. `param` is the list's name. */
export function checkTextCount(param: string, count: number): void {
  if (count === 0) throw invalidParameter(param, `${param} must not be empty`);
  if (count > maxTexts) throw invalidParameter(param, `${param} may have at most ${maxTexts} entries, not ${count}`);
}

/** Refuses a text that the model cannot take whole, in the words of OpenAI's API. `param` names it: `input[3]`. */
export function checkInputFits(param: string, tokens: number, most: number): void {
  if (tokens <= most) return;
  const message = `This model's maximum context length is ${most} tokens. However, ${param} has ${tokens} tokens. Please reduce its length.`;
  throw new RpcError(ErrorReason.CONTEXT_LENGTH_EXCEEDED, message, { param });
}

/**
 * Maps one after another: a long text is tokenized on another thread, of which there are few, and native calls beyond
 * some hundred at once are refused.
 */
export async function mapInOrder<T, R>(items: readonly T[], map: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const mapped: R[] = [];
  for (const [index, item] of items.entries()) mapped.push(await map(item, index));
  return mapped;
}
