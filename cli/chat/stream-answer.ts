import type { MessageInitShape } from "@bufbuild/protobuf";
import type { TokenwireClient } from "../../clients/tokenwire-client.ts";
import type { ChatRequestSchema } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import { FinishReason, type Finished } from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { AnswerWriter } from "./answer-writer.ts";

/** What came of a request, also as far as it came. */
export interface Answer {
  /** The model that answered; "" until it has begun. */
  model: string;
  text: string;
  reasoning: string;
  /** undefined: it did not come to its end. */
  finished: Finished | undefined;
}

/**
 * Writes an answer as it comes into `answer` and the writer. Throws RpcError, or the signal's reason, and then `answer`
 * has what came before.
 */
export async function streamAnswer(
  client: TokenwireClient,
  request: MessageInitShape<typeof ChatRequestSchema>,
  { answer, writer, signal }: { readonly answer: Answer; readonly writer: AnswerWriter; readonly signal: AbortSignal },
): Promise<void> {
  try {
    for await (const { event } of client.inference.chat(request, { signal })) {
      switch (event.case) {
        case "started":
          answer.model = event.value.model;
          break;
        case "text":
          answer.text += event.value.text;
          writer.text(event.value.text);
          break;
        case "reasoning":
          answer.reasoning += event.value.text;
          writer.reasoning(event.value.text);
          break;
        case "finished":
          answer.finished = event.value;
          break;
        default:
        // No tools were offered, and no progress was asked for.
      }
    }
  } finally {
    writer.end();
  }
}

export function emptyAnswer(): Answer {
  return { model: "", text: "", reasoning: "", finished: undefined };
}

/** Why an answer is not whole; undefined: it is. */
export function whyCutOff({ finished }: Answer): string | undefined {
  switch (finished?.reason) {
    case FinishReason.LENGTH:
      return "the answer was cut off: --max_tokens is reached";
    case FinishReason.CONTEXT_FULL:
      return "the answer was cut off: the model's context is full";
    case FinishReason.INTERRUPTED:
      return "the answer was cut off: another request took its place";
    default:
      return undefined;
  }
}
