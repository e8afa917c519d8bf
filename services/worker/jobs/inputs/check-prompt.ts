import { ErrorReason, invalidParameter, RpcError } from "../../../../clients/errors.ts";

/** Refuses a prompt that leaves no room for a single token of an answer, in the words of OpenAI's API. `param`: `messages` or `prompt`. */
export function checkPromptFits(param: string, promptTokens: number, contextLength: number): void {
  if (promptTokens === 0) throw invalidParameter(param, `${param} must not be empty`);
  if (promptTokens < contextLength) return;
  const what = param === "messages" ? "messages" : "prompt";
  throw new RpcError(
    ErrorReason.CONTEXT_LENGTH_EXCEEDED,
    `This model's maximum context length is ${contextLength} tokens. However, your ${what} resulted in ${promptTokens} tokens. Please reduce the length of the ${what}.`,
    { param },
  );
}
