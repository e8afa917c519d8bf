import type { ChatResponse, ToolCallDelta } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { type ChatLogprobs, chatLogprobsFromProto } from "../../dialect/answer/chat-logprobs.ts";
import { requireFinished } from "../../dialect/answer/event-streams.ts";
import { type Ending, endingFromProto, type Stopwatch } from "./durations.ts";
import { ToolCalls, type OllamaToolCall } from "./tool-calls.ts";

export interface OllamaChatMessage {
  readonly role: "assistant";
  readonly content: string;
  readonly thinking?: string;
  readonly tool_calls?: readonly OllamaToolCall[];
}

/** A line of a chat's stream, or the whole answer. */
export interface OllamaChatChunk extends Partial<Ending> {
  readonly model: string;
  readonly created_at: string;
  readonly message: OllamaChatMessage;
  readonly logprobs?: ChatLogprobs["content"];
  readonly done: boolean;
}

/** A chat stream as Ollama's: text and thinking as they come, each call whole, and a last line with the durations. */
export async function* chatChunks(
  events: AsyncIterable<ChatResponse>,
  { model, watch }: { readonly model: string; readonly watch: Stopwatch },
): AsyncGenerator<OllamaChatChunk, void, void> {
  const line = (message: Partial<OllamaChatMessage>, rest: Partial<OllamaChatChunk> = {}): OllamaChatChunk => ({
    model,
    created_at: new Date().toISOString(),
    message: { role: "assistant", content: "", ...message },
    done: false,
    ...rest,
  });
  const finished = new Map<number, Ending>();
  const calls = new ToolCalls();
  for await (const { choice, event } of events) {
    switch (event.case) {
      case "started":
        watch.started();
        break;
      case "text": {
        const logprobs = chatLogprobsFromProto(event.value.logprobs)?.content;
        yield line({ content: event.value.text }, logprobs === undefined ? {} : { logprobs });
        break;
      }
      case "reasoning":
        yield line({ thinking: event.value.text });
        break;
      case "toolCall":
        yield* callLines(event.value);
        break;
      case "finished": {
        const last = calls.end();
        if (last !== undefined) yield line({ tool_calls: [last] });
        const ending = endingFromProto(event.value, watch);
        finished.set(choice, ending);
        yield line({}, { done: true, ...ending });
        break;
      }
      case "loading":
      case "progress":
      case undefined:
        break;
    }
  }
  requireFinished(finished, { choices: 1 });

  function* callLines(delta: ToolCallDelta) {
    const whole = calls.add(delta);
    if (whole !== undefined) yield line({ tool_calls: [whole] });
  }
}

/** A chat's lines as one. Throws what the stream throws. */
export async function collectChat(lines: AsyncIterable<OllamaChatChunk>): Promise<OllamaChatChunk> {
  let last: OllamaChatChunk | undefined;
  let content = "";
  let thinking = "";
  const tool_calls: OllamaToolCall[] = [];
  const logprobs: ChatLogprobs["content"] = [];
  for await (const line of lines) {
    content += line.message.content;
    thinking += line.message.thinking ?? "";
    for (const call of line.message.tool_calls ?? []) tool_calls.push(call);
    for (const logprob of line.logprobs ?? []) logprobs.push(logprob);
    last = line;
  }
  // A stream without a last line has thrown.
  if (last === undefined) throw new Error("a chat without an end");
  return {
    ...last,
    message: {
      role: "assistant",
      content,
      ...(thinking !== "" && { thinking }),
      ...(tool_calls.length > 0 && { tool_calls }),
    },
    ...(logprobs.length > 0 && { logprobs }),
  };
}
