import type { TokenLogprob } from "../../engine.ts";
import { AnswerStream, type ChatSection, type Reading } from "./answer-stream.ts";
import type { ChatEvent } from "./chat-event.ts";
import { readUntil } from "./read-text.ts";

/** Takes a model's output apart while it is generated. One per choice. */
export interface ChatParser {
  /**
   * Takes the next whole characters and the tokens they came from. What could still become part of a marker is held
   * back; the concatenation of all events does not depend on how the text is cut.
   */
  push(text: string, logprobs?: readonly TokenLogprob[]): readonly ChatEvent[];
  /** The text has ended: what was held back. A call that is none is given as the text it is. */
  end(): readonly ChatEvent[];
  /** What the model is writing at the end of the text so far. */
  readonly section: ChatSection;
  /** How many calls have begun. */
  readonly calls: number;
  /** How many of them are whole: an answer may end within the last one. */
  readonly wholeCalls: number;
}

/** Makes a parser of a reader; what it leaves unread is text. */
export function createChatParser(read: (stream: AnswerStream) => Reading<void>, newCallId: () => string): ChatParser {
  const stream = new AnswerStream(newCallId);
  const reading = readAll(stream, read);
  return {
    push(text, logprobs = []) {
      stream.append(text, logprobs);
      reading.next();
      return stream.takeEvents();
    },
    end() {
      stream.ended = true;
      reading.next();
      stream.emitRest();
      return stream.takeEvents();
    },
    get section() {
      return stream.section;
    },
    get calls() {
      return stream.calls;
    },
    get wholeCalls() {
      return stream.wholeCalls;
    },
  };
}

/** A parser of answers that a grammar forces to be calls: text can only be markup of one that was cut. */
export function withoutText(parser: ChatParser): ChatParser {
  const isKept = ({ type }: ChatEvent) => type !== "text";
  return {
    push: (text, logprobs) => parser.push(text, logprobs).filter(isKept),
    end: () => parser.end().filter(isKept),
    get section() {
      return parser.section;
    },
    get calls() {
      return parser.calls;
    },
    get wholeCalls() {
      return parser.wholeCalls;
    },
  };
}

function* readAll(stream: AnswerStream, read: (stream: AnswerStream) => Reading<void>): Reading<void> {
  yield* read(stream);
  stream.section = "answer";
  yield* readUntil(stream, { markers: [], emit: (from, to) => stream.emitText(from, to), trim: false });
}
