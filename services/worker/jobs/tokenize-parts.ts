import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import type { Engine, Media, PromptPart, TokenizeOptions } from "../../engine/engine.ts";

/**
 * The tokens of a prompt of several parts, with control tokens by their names. Throws UNSUPPORTED_PARAMETER, for the part,
 * on a picture for a model that does not see and a sound for one that does not hear.
 */
export async function tokenizeParts(
  parts: readonly PromptPart[],
  engine: Engine,
  { addSpecial }: Pick<TokenizeOptions, "addSpecial">,
): Promise<Int32Array> {
  const texts = parts.map((part) => (typeof part === "string" ? part : refuse(part, engine)));
  return engine.tokenize(texts.join(""), { addSpecial, parseSpecial: true });
}

function refuse({ kind, param }: Media, { info }: Engine): never {
  const [what, takes] = kind === "image" ? ["pictures", "sees"] : ["sounds", "hears"];
  const why = info.media === undefined ? "has no projector" : `has a projector that takes no ${what}`;
  const message = `this model ${why}, so ${param} cannot be shown to it: choose a model that ${takes}`;
  throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param });
}
