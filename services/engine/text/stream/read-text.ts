import type { AnswerStream, Reading } from "./answer-stream.ts";

const space = /\s/;

/** Waits for a character at the cursor; "" when the text ends here. */
export function* peek(stream: AnswerStream): Reading<string> {
  while (stream.at >= stream.end && !stream.ended) yield;
  return stream.char(stream.at);
}

export function* skipSpace(stream: AnswerStream): Reading<void> {
  while (space.test(yield* peek(stream))) stream.at++;
}

/** Moves over `text` if it stands at the cursor. Waits only while what has come could become it. */
export function* skip(stream: AnswerStream, text: string): Reading<boolean> {
  for (let i = 0; i < text.length; i++) {
    while (stream.at + i >= stream.end && !stream.ended) yield;
    if (stream.char(stream.at + i) !== text[i]) return false;
  }
  stream.at += text.length;
  return true;
}

/** Moves over the first of `texts` that stands at the cursor, and returns it. */
export function* skipOneOf(stream: AnswerStream, texts: readonly string[]): Reading<string | undefined> {
  for (const text of texts) if (yield* skip(stream, text)) return text;
  return undefined;
}

export interface UntilOptions {
  /** None may be part of another. */
  readonly markers: readonly string[];
  /** Takes the text before the marker, piece by piece. */
  readonly emit: (from: number, to: number) => void;
  /** Whether white space right before a marker is dropped. */
  readonly trim: boolean;
}

export interface FoundMarker {
  readonly marker: string;
  /** Where the text that was not emitted begins: the marker, and dropped white space before it. */
  readonly from: number;
}

/**
 * Moves over the first marker; undefined when the text ended without one. Text is emitted as soon as it can be no part
 * of a marker.
 */
export function* readUntil(
  stream: AnswerStream,
  { markers, emit, trim }: UntilOptions,
): Reading<FoundMarker | undefined> {
  for (;;) {
    const found = firstMarker(stream, markers);
    const textEnd = found?.at ?? (stream.ended ? stream.end : stream.end - heldLength(stream, markers));
    const keepsSpace = !trim || markers.length === 0 || (found === undefined && stream.ended);
    const from = keepsSpace ? textEnd : trimmedEnd(stream, textEnd);
    if (from > stream.at) emit(stream.at, from);
    stream.commit(from);
    stream.at = found === undefined ? from : found.at + found.marker.length;
    if (found !== undefined) return { marker: found.marker, from };
    if (stream.ended) return undefined;
    yield;
  }
}

function firstMarker(stream: AnswerStream, markers: readonly string[]) {
  let first: { readonly at: number; readonly marker: string } | undefined;
  for (const marker of markers) {
    const at = stream.find(marker, stream.at);
    if (at === -1) continue;
    if (first === undefined || at < first.at) first = { at, marker };
  }
  return first;
}

/** How many characters at the end could be the beginning of a marker. */
function heldLength(stream: AnswerStream, markers: readonly string[]): number {
  const available = stream.end - stream.at;
  let held = 0;
  for (const marker of markers) {
    for (let length = Math.min(marker.length - 1, available); length > held; length--) {
      if (stream.startsWith(marker.slice(0, length), stream.end - length)) held = length;
    }
  }
  return held;
}

function trimmedEnd(stream: AnswerStream, end: number): number {
  let trimmed = end;
  while (trimmed > stream.at && space.test(stream.char(trimmed - 1))) trimmed--;
  return trimmed;
}
