import type { ChatResponse } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { CompleteResponse } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { ShimState } from "../context.ts";

/**
 * Hands a generation's events on, and notes for the access log which model answers, when its first piece came, and how
 * many tokens it took, also when it is cut short: a choice that has not finished counts by its pieces. What tells of
 * the model's load is noted alone.
 */
export async function* noteGeneration<T extends ChatResponse | CompleteResponse>(
  events: AsyncIterable<T>,
  { summary, startedAt }: ShimState,
): AsyncGenerator<T, void, void> {
  const pieces = new Map<number, number>();
  for await (const message of events) {
    const { choice, event } = message;
    // No dialect has a word for it; comments of event streams have.
    summary.loading = event.case === "loading" ? event.value : undefined;
    if (event.case === "loading") continue;
    // A request that is refused has used nothing, which is not the same as zeros.
    const usage = (summary.usage ??= { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 });
    if (event.case === "started") {
      summary.model = event.value.model;
      usage.promptTokens += event.value.promptTokens;
      usage.cachedTokens += event.value.cachedTokens;
    } else if (event.case === "finished") {
      usage.completionTokens += (event.value.usage?.completionTokens ?? 0) - (pieces.get(choice) ?? 0);
      usage.reasoningTokens += event.value.usage?.reasoningTokens ?? 0;
    } else if (event.case !== undefined && event.case !== "progress") {
      summary.firstDeltaMs ??= performance.now() - startedAt;
      pieces.set(choice, (pieces.get(choice) ?? 0) + 1);
      usage.completionTokens += 1;
    }
    yield message;
  }
}
