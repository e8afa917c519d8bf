import { type Truncation, TruncationSide } from "../../../../proto/gen/tokenwire/v1/generation_pb.ts";

export interface TruncateOptions {
  readonly truncation: Truncation | undefined;
  /** What the model takes, and so the limit where the request names none or a larger one. */
  readonly most: number;
  /** What is cut where the request does not say. */
  readonly side: "left" | "right";
}

/** The tokens, without those at one side that are too many; as they are where the request does not want them cut. */
export function truncate(tokens: Int32Array, { truncation, most, side }: TruncateOptions): Int32Array {
  const limit = truncationLimit(truncation, most);
  if (limit === undefined || tokens.length <= limit) return tokens;
  const left =
    truncation?.side === TruncationSide.UNSPECIFIED ? side === "left" : truncation?.side === TruncationSide.LEFT;
  return left ? tokens.slice(tokens.length - limit) : tokens.slice(0, limit);
}

/** Most tokens that the request wants kept; undefined: it wants none cut. */
export function truncationLimit(truncation: Truncation | undefined, most: number): number | undefined {
  if (truncation === undefined) return undefined;
  return truncation.maxTokens === 0 ? most : Math.min(truncation.maxTokens, most);
}
