import type { ChatResponse } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { CompleteResponse } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { type ChatLogprobs, chatLogprobsFromProto } from "../../dialect/answer/chat-logprobs.ts";
import { requireFinished } from "../../dialect/answer/event-streams.ts";
import { type Ending, endingFromProto, type Stopwatch } from "./durations.ts";

/** A line of a generation's stream, or the whole answer. */
export interface OllamaGenerateChunk extends Partial<Ending> {
  readonly model: string;
  readonly created_at: string;
  readonly response: string;
  readonly thinking?: string;
  readonly logprobs?: ChatLogprobs["content"];
  readonly done: boolean;
  /** The tokens of the conversation so far, for a request that goes on with it. */
  readonly context?: readonly number[];
}

export interface GenerateInfo {
  readonly model: string;
  readonly watch: Stopwatch;
  /** The conversation's tokens once the answer is there; undefined: nobody can go on with this one. */
  readonly contextOf: (response: string) => Promise<readonly number[] | undefined>;
}

/** A generation as Ollama's stream: text and thinking as they come, and a last line with the durations. */
export async function* generateChunks(
  events: AsyncIterable<ChatResponse | CompleteResponse>,
  { model, watch, contextOf }: GenerateInfo,
): AsyncGenerator<OllamaGenerateChunk, void, void> {
  const line = (rest: Partial<OllamaGenerateChunk>): OllamaGenerateChunk => ({
    model,
    created_at: new Date().toISOString(),
    response: "",
    done: false,
    ...rest,
  });
  const finished = new Map<number, Ending>();
  let response = "";
  for await (const { choice, event } of events) {
    switch (event.case) {
      case "started":
        watch.started();
        break;
      case "text": {
        response += event.value.text;
        const logprobs = chatLogprobsFromProto(event.value.logprobs)?.content;
        // The end token of a completion has a log-probability and no text.
        if (event.value.text !== "" || logprobs !== undefined)
          yield line({ response: event.value.text, ...(logprobs && { logprobs }) });
        break;
      }
      case "reasoning":
        yield line({ thinking: event.value.text });
        break;
      case "finished": {
        const ending = endingFromProto(event.value, watch);
        finished.set(choice, ending);
        const context = await contextOf(response);
        yield line({ done: true, ...ending, ...(context && { context }) });
        break;
      }
      case "toolCall":
      case "loading":
      case "progress":
      case undefined:
        break;
    }
  }
  requireFinished(finished, { choices: 1 });
}

/** A generation's lines as one. Throws what the stream throws. */
export async function collectGeneration(lines: AsyncIterable<OllamaGenerateChunk>): Promise<OllamaGenerateChunk> {
  let last: OllamaGenerateChunk | undefined;
  let response = "";
  let thinking = "";
  const logprobs: ChatLogprobs["content"] = [];
  for await (const line of lines) {
    response += line.response;
    thinking += line.thinking ?? "";
    for (const logprob of line.logprobs ?? []) logprobs.push(logprob);
    last = line;
  }
  // A stream without a last line has thrown.
  if (last === undefined) throw new Error("a generation without an end");
  return {
    ...last,
    response,
    ...(thinking !== "" && { thinking }),
    ...(logprobs.length > 0 && { logprobs }),
  };
}
