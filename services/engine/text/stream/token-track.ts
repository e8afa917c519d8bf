import type { TokenLogprob } from "../../engine.ts";

/** Knows which tokens the characters of a text came from. Positions are UTF-16 offsets in the whole text. */
export interface TokenTrack {
  /** Notes the tokens of the text that begins at `position`, in their order. */
  note(position: number, tokens: readonly TokenLogprob[]): void;
  /**
   * The tokens of the characters from `from` to `to`, each given out once. Tokens that lie before `from` and were
   * never asked for (they were markers) are forgotten.
   */
  take(from: number, to: number): readonly TokenLogprob[];
  /** All tokens up to `to` that were not given out. */
  takeAll(to: number): readonly TokenLogprob[];
}

interface Entry {
  readonly token: TokenLogprob;
  readonly start: number;
  readonly end: number;
}

const none: readonly Entry[] = [];

export function createTokenTrack(): TokenTrack {
  let waiting: Entry[] = [];
  /** The end of the last noted token. */
  let noted = 0;
  return {
    note(position, tokens) {
      // A character's first bytes may come ahead of its text, in a token that counts for all of it.
      let start = Math.max(position, noted);
      for (const token of tokens) {
        const end = start + utf16Length(token.token.bytes);
        waiting.push({ token, start, end });
        start = end;
      }
      noted = start;
    },
    take: (from, to) => takeUpTo(to).flatMap(({ token, end }) => (end > from ? [token] : [])),
    takeAll: (to) => takeUpTo(to).map(({ token }) => token),
  };

  function takeUpTo(to: number): readonly Entry[] {
    if (waiting.length === 0) return none;
    // A token without a character of its own (the later bytes of one) belongs to the character before it.
    const isTaken = ({ start, end }: Entry) => start < to || (start === end && start === to);
    const count = waiting.findIndex((entry) => !isTaken(entry));
    const taken = count === -1 ? waiting : waiting.slice(0, count);
    waiting = count === -1 ? [] : waiting.slice(count);
    return taken;
  }
}

/** How many UTF-16 units begin within the bytes: a character is where its first byte is. */
function utf16Length(bytes: Uint8Array): number {
  let length = 0;
  for (const byte of bytes) {
    if (byte < 0x80 || byte >= 0xc0) length += byte >= 0xf0 ? 2 : 1;
  }
  return length;
}
