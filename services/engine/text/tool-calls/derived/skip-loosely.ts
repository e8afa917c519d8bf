import type { AnswerStream, Reading } from "../../stream/answer-stream.ts";
import { peek, skipSpace } from "../../stream/read-text.ts";
import { readName } from "../read/read-calls.ts";
import type { Piece } from "./call-form.ts";

/**
 * Moves over a text of the template's markup: white space may be more or less than there, as models have it. false,
 * the cursor where it was, when something else stands there.
 */
export function* skipLoosely(stream: AnswerStream, text: string): Reading<boolean> {
  const from = stream.at;
  let last = "";
  for (const char of text.trimEnd()) {
    const isSpace = /\s/.test(char);
    if (isSpace || /[>\]}[{,]/.test(last) || /[<[{]/.test(char)) yield* skipSpace(stream);
    last = char;
    if (isSpace) continue;
    for (const unit of char.length === 1 ? [char] : [char.charAt(0), char.charAt(1)]) {
      if ((yield* peek(stream)) !== unit) {
        stream.reach(stream.at);
        stream.rewind(from);
        return false;
      }
      stream.at++;
    }
  }
  return true;
}

/** What was read in the slots of some pieces. */
export interface ReadSlots {
  readonly name: string | undefined;
}

/**
 * Moves over pieces and reads what stands in their slots; undefined, the cursor where it was, when they do not fit.
 * A name is one of `names`.
 */
export function* readPieces(
  stream: AnswerStream,
  pieces: readonly Piece[],
  names: readonly string[] = [],
): Reading<ReadSlots | undefined> {
  const from = stream.at;
  let name: string | undefined;
  for (const [i, piece] of pieces.entries()) {
    if (typeof piece === "string") {
      if (yield* skipLoosely(stream, piece)) continue;
      stream.rewind(from);
      return undefined;
    }
    if (piece.slot === "name") {
      yield* skipSpace(stream);
      const found = yield* readName(stream, stopBehind(pieces[i + 1]));
      if (found === "" || !names.includes(found) || (name !== undefined && name !== found)) {
        if (names.some((it) => it.startsWith(found))) stream.reach(stream.at);
        stream.rewind(from);
        return undefined;
      }
      name = found;
    } else {
      const allowed = piece.slot === "index" ? /\d/ : /[\w-]/;
      while (allowed.test(yield* peek(stream))) stream.at++;
    }
  }
  return { name };
}

/** What ends a name, where that could be a part of it (Kimi's `functions.name:0`). */
function stopBehind(piece: Piece | undefined): string | undefined {
  return typeof piece === "string" ? /^\s*([.:/-])/.exec(piece)?.[1] : undefined;
}
