import type { AnswerStream, Reading } from "../../stream/answer-stream.ts";
import type { ToolParser } from "./tool-parser.ts";
import { createChatParser } from "../../stream/chat-parser.ts";
import { usualSpacing } from "../derived/call-form.ts";
import { markedBy } from "../opening.ts";
import { peek, readUntil, skip, skipSpace } from "../../stream/read-text.ts";

/**
 * gpt-oss: an answer is messages, each with a channel: `<|channel|>analysis<|message|>…<|end|>` is reasoning, a
 * recipient (`to=functions.name`) makes a call, the rest is text. The prompt ends with `<|start|>assistant`.
 */
export const harmony: ToolParser = {
  name: "harmony",
  textPrefix: "<|channel|>final<|message|>",
  keepSpecial: true,
  reasonsUntagged: true,
  createParser: (options) =>
    createChatParser((stream) => readMessages(stream, options.tools.length > 0), options.newCallId),
  syntax: {
    prefix: "",
    separator: "",
    suffix: "",
    call: (name) => ({
      before: [`<|channel|>commentary to=functions.${name} <|constrain|>json<|message|>`],
      after: [""],
    }),
    spacing: usualSpacing,
    // A call ends the turn.
    maxCalls: 1,
    opening: markedBy("<|channel|>commentary to=functions."),
  },
};

const headerStarts = ["<|start|>", "<|channel|>"];
const messageEnds = ["<|end|>", "<|call|>", "<|return|>", ...headerStarts];

function* readMessages(stream: AnswerStream, tools: boolean): Reading<void> {
  while ((yield* peek(stream)) !== "") {
    const from = stream.at;
    if (yield* skip(stream, "<|start|>")) yield* skip(stream, "assistant");
    yield* skipSpace(stream);
    if (yield* standsAtHeader(stream)) yield* readMessage(stream, tools);
    else yield* readUnmarked(stream, from);
  }
}

function* standsAtHeader(stream: AnswerStream): Reading<boolean> {
  const from = stream.at;
  const stands = (yield* skip(stream, "<|channel|>")) || (yield* skip(stream, "to="));
  stream.rewind(from);
  return stands;
}

function* readMessage(stream: AnswerStream, tools: boolean): Reading<void> {
  let header = "";
  const collect = (from: number, to: number) => (header += stream.slice(from, to));
  if ((yield* readUntil(stream, { markers: ["<|message|>"], emit: collect, trim: false })) === undefined) return;
  const recipient = /to=(?:functions\.)?([^\s<]+)/.exec(header)?.[1];
  if (recipient !== undefined && tools) {
    let isEmpty = true;
    let json = "";
    stream.startCall(recipient);
    yield* readBody(stream, (start, end) => {
      isEmpty = false;
      json += stream.slice(start, end);
      stream.emitArguments(start, end);
    });
    if (isEmpty) stream.emitArguments(stream.at, stream.at, "{}");
    if (isEmpty || isJson(json)) stream.endCall();
  } else if (/<\|channel\|>\s*analysis/.test(header)) {
    stream.section = "reasoning";
    yield* readBody(stream, (start, end) => stream.emitReasoning(start, end));
  } else {
    yield* readBody(stream, (start, end) => stream.emitText(start, end));
  }
  stream.section = "answer";
}

function* readBody(stream: AnswerStream, emit: (from: number, to: number) => void): Reading<void> {
  const found = yield* readUntil(stream, { markers: messageEnds, emit, trim: false });
  if (found !== undefined && headerStarts.includes(found.marker)) stream.rewind(found.from);
}

/** Text outside of any message: models that were tuned further write it. `from`: where what was looked at begins. */
function* readUnmarked(stream: AnswerStream, from: number): Reading<void> {
  const emit = (start: number, end: number) => stream.emitText(start, end);
  emit(from, stream.at);
  const found = yield* readUntil(stream, { markers: headerStarts, emit, trim: false });
  if (found !== undefined) stream.rewind(found.from);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
