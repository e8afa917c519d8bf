import type { TokenCandidate } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A token's text. One that is not whole UTF-8 characters is written as OpenAI does, `bytes:\xe3\x81`, so that two such
 * tokens never look the same.
 */
export function tokenText(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return `bytes:${[...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")}`;
  }
}

/** A token's piece as llama-server writes it: its text, or its bytes where they are not whole characters. */
export function tokenPiece(bytes: Uint8Array): string | number[] {
  try {
    return strict.decode(bytes);
  } catch {
    return [...bytes];
  }
}

/** OpenAI's lowest log-probability: JSON has no minus infinity. */
const minLogprob = -9999;

export function finiteLogprob(candidate: TokenCandidate | undefined): number {
  return Math.max(candidate?.logprob ?? minLogprob, minLogprob);
}
