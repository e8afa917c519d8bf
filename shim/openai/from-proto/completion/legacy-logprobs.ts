import type { LegacyLogprobs } from "../../answers/completion.ts";
import type { TokenLogprob } from "../../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { finiteLogprob, tokenText } from "../../../dialect/answer/token-text.ts";

/** Turns the tokens of one choice into log-probabilities, piece by piece; it remembers how far the text has come. */
export class LegacyLogprobsMaker {
  #characters: number;

  /** `offset`: where the choice's text begins. */
  constructor(offset: number) {
    this.#characters = offset;
  }

  /** Null when no log-probabilities were asked for. */
  take(tokens: readonly TokenLogprob[]): LegacyLogprobs | null {
    if (tokens.length === 0) return null;
    return {
      tokens: tokens.map(({ token }) => tokenText(token?.bytes ?? new Uint8Array())),
      token_logprobs: tokens.map((token) => (isUnconditioned(token) ? null : finiteLogprob(token.token))),
      top_logprobs: tokens.map((token) => (isUnconditioned(token) ? null : topOf(token))),
      text_offset: tokens.map(({ token }) => this.#advance(token?.bytes ?? new Uint8Array())),
    };
  }

  /** A character belongs to the token that has its first byte; a token of later bytes begins at that character. */
  #advance(bytes: Uint8Array): number {
    const begun = this.#characters;
    this.#characters += bytes.filter((byte) => !isContinuation(byte)).length;
    return bytes[0] !== undefined && isContinuation(bytes[0]) ? Math.max(0, begun - 1) : begun;
  }
}

/** The prompt's first token has nothing before it, so no probability. */
function isUnconditioned({ prompt, token }: TokenLogprob): boolean {
  return prompt && token?.logprob === undefined;
}

/** The likeliest tokens, and the drawn one beside them, as OpenAI has it. */
function topOf({ token, top }: TokenLogprob): Record<string, number> {
  const all = token === undefined ? top : [...top, token];
  return Object.fromEntries(all.map((candidate) => [tokenText(candidate.bytes), finiteLogprob(candidate)]));
}

function isContinuation(byte: number): boolean {
  return (byte & 0b1100_0000) === 0b1000_0000;
}
