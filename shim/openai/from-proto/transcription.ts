import type { ChatResponse } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { Usage } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { requireFinished } from "../../dialect/answer/event-streams.ts";
import type { Transcription, TranscriptionEvent } from "../answers/transcription.ts";

/** A chat's answer as the pieces of a transcription, and at last all of it. Throws when it ends before it has finished. */
export async function* transcriptionEvents(
  events: AsyncIterable<ChatResponse>,
): AsyncGenerator<TranscriptionEvent, void, void> {
  let text = "";
  let usage: Usage | undefined;
  const finished = new Map<number, true>();
  for await (const { choice, event } of events) {
    if (event.case === "text" && event.value.text !== "") {
      text += event.value.text;
      yield { type: "transcript.text.delta", delta: event.value.text };
    }
    if (event.case === "finished") {
      usage = event.value.usage;
      finished.set(choice, true);
    }
  }
  requireFinished(finished, { choices: 1 });
  yield { type: "transcript.text.done", text, usage: usageOf(usage) };
}

/** The whole of it. */
export async function collectTranscription(
  events: AsyncIterable<ChatResponse>,
): Promise<Pick<Transcription, "text" | "usage">> {
  for await (const event of transcriptionEvents(events)) {
    if (event.type === "transcript.text.done") return { text: event.text, usage: event.usage };
  }
  throw new TypeError("a transcription ended without its end");
}

function usageOf(usage: Usage | undefined): Transcription["usage"] {
  const { promptTokens = 0, completionTokens = 0 } = usage ?? {};
  return {
    type: "tokens",
    input_tokens: promptTokens,
    output_tokens: completionTokens,
    total_tokens: promptTokens + completionTokens,
  };
}
