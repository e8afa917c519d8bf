import { ErrorReason, RpcError } from "../../../../clients/errors.ts";
import type { Truncation } from "../../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { Engine, MediaPrompt, PromptPart, TokenizeOptions } from "../../../engine/engine.ts";
import { checkTaken } from "../../../protocol/refusals.ts";
import { truncate } from "./truncate.ts";

/**
 * The tokens of a prompt of several parts, with control tokens by their names. Throws UNSUPPORTED_PARAMETER, for the part,
 * on a picture for a model that does not see and a sound for one that does not hear.
 */
export async function tokenizeParts(
  parts: readonly PromptPart[],
  engine: Engine,
  options: Pick<TokenizeOptions, "addSpecial">,
): Promise<MediaPrompt> {
  const texts = parts.filter((part) => typeof part === "string");
  if (texts.length === parts.length)
    return { tokens: await engine.tokenize(texts.join(""), { ...options, parseSpecial: true }), media: [] };
  checkParts(parts, engine);
  return engine.tokenizeMedia(parts, options);
}

/** Refuses parts that the model does not take. */
export function checkParts(parts: readonly PromptPart[], { info }: Engine): void {
  for (const part of parts) if (typeof part !== "string") checkTaken(part.kind, part.param, info.media);
}

export interface PromptLimits {
  readonly truncation: Truncation | undefined;
  /** What the model takes. */
  readonly most: number;
  /** Whether something wants to know how likely each token of the prompt is: which, as the request names it. */
  readonly scoredBy: string | undefined;
}

/** A prompt as a job has it, cut where the request wants that. Throws UNSUPPORTED_PARAMETER where pictures are in the way. */
export function fitPrompt({ tokens, media }: MediaPrompt, { truncation, most, scoredBy }: PromptLimits) {
  const prompt = truncate(tokens, { truncation, most, side: "left" });
  if (media.length === 0) return { prompt };
  if (prompt.length < tokens.length) throw refusal("truncation", "a prompt with pictures or sounds cannot be cut");
  if (scoredBy !== undefined)
    throw refusal(scoredBy, `${scoredBy} wants the log-probabilities of a prompt, and pictures and sounds have none`);
  return { prompt, media };
}

function refusal(param: string, message: string): RpcError {
  return new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param });
}
