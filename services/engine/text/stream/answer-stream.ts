import type { TokenLogprob } from "../../engine.ts";
import { addEvent, type ChatEvent } from "./chat-event.ts";
import { createTokenTrack } from "./token-track.ts";

/** A step of a parser: it runs until it needs text that has not come yet, and goes on when there is more. */
export type Reading<T> = Generator<undefined, T, undefined>;

export type ChatSection = "reasoning" | "answer" | "tool_call";

/**
 * A model's output as a parser reads it: a cursor in the text that has arrived, and the events found so far. Positions
 * are offsets in the whole output. Text from the last `commit` on is kept, so that a parser can `rewind` to there.
 */
export class AnswerStream {
  section: ChatSection = "answer";
  calls = 0;
  /** How many of the calls are whole. */
  wholeCalls = 0;
  /** How far a reader has looked that found something else than it wanted. */
  reached = 0;
  /** Where the parser reads. */
  at = 0;
  ended = false;
  readonly #newCallId: () => string;
  readonly #track = createTokenTrack();
  #text = "";
  /** The position of the first kept character. */
  #base = 0;
  #events: ChatEvent[] = [];

  constructor(newCallId: () => string) {
    this.#newCallId = newCallId;
  }

  append(text: string, logprobs: readonly TokenLogprob[]): void {
    this.#track.note(this.end, logprobs);
    this.#text += text;
  }

  takeEvents(): readonly ChatEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** The position after the last character that has arrived. */
  get end(): number {
    return this.#base + this.#text.length;
  }

  /** The character at a position, "" where none has arrived. */
  char(position: number): string {
    return this.#text.charAt(position - this.#base);
  }

  slice(from: number, to: number): string {
    return this.#text.slice(from - this.#base, to - this.#base);
  }

  /** The position of `text` at or after `from`, or -1. */
  find(text: string, from: number): number {
    const index = this.#text.indexOf(text, from - this.#base);
    return index === -1 ? -1 : index + this.#base;
  }

  startsWith(text: string, position: number): boolean {
    return this.#text.startsWith(text, position - this.#base);
  }

  /** Forgets what lies before a position. */
  commit(position = this.at): void {
    this.#text = this.#text.slice(position - this.#base);
    this.#base = position;
  }

  reach(position: number): void {
    this.reached = Math.max(this.reached, position);
  }

  /** The last call's arguments are complete. */
  endCall(): void {
    this.wholeCalls = this.calls;
  }

  rewind(position: number): void {
    this.at = position;
  }

  emitText(from: number, to: number): void {
    if (to > from) this.#emit({ type: "text", text: this.slice(from, to), logprobs: this.#track.take(from, to) });
  }

  emitReasoning(from: number, to: number): void {
    if (to > from) this.#emit({ type: "reasoning", text: this.slice(from, to), logprobs: this.#track.take(from, to) });
  }

  startCall(name: string): void {
    this.section = "tool_call";
    const logprobs = this.#track.takeAll(this.at);
    this.#emit({ ...blankCall, index: this.calls++, id: this.#newCallId(), name, logprobs });
  }

  /**
   * A piece of the last call's arguments, which was read from `from` to `to`; `text` unless it stands there so. Tokens of
   * the markup before it count as the call's, so that log-probabilities show a call as it was written.
   */
  emitArguments(from: number, to: number, text = this.slice(from, to)): void {
    if (text === "") return;
    this.#emit({ ...blankCall, index: this.calls - 1, arguments: text, logprobs: this.#track.takeAll(to) });
  }

  /** What is left at the end belongs to the last call: its closing markup. */
  emitRest(): void {
    const logprobs = this.calls === 0 ? [] : this.#track.takeAll(this.end);
    if (logprobs.length > 0) this.#emit({ ...blankCall, index: this.calls - 1, logprobs });
  }

  #emit(event: ChatEvent): void {
    addEvent(this.#events, event);
  }
}

const blankCall = { type: "tool_call", id: "", name: "", arguments: "", logprobs: [] } as const;
