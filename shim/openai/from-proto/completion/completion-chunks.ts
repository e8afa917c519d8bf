import type { CompleteResponse } from "../../../../proto/gen/tokenwire/v1/inference_pb.ts";
import type { Usage } from "../../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { type AnswerInfo, systemFingerprint } from "../../answer-info.ts";
import type { Completion, CompletionChoice } from "../../answers/completion.ts";
import type { PromptLogprobs } from "../../answers/usage.ts";
import { finishReasonFromProto, stopReasonFromProto } from "../finish-reason.ts";
import { LegacyLogprobsMaker } from "./legacy-logprobs.ts";
import { requireFinished } from "../../../dialect/answer/event-streams.ts";
import { promptLogprobsFromProto } from "../prompt-logprobs.ts";
import { addUsages, usageFromProto } from "../usage.ts";

export interface CompletionInfo extends AnswerInfo {
  /** How many choices each prompt has. */
  readonly choicesPerPrompt: number;
  /** For each prompt, where its choices' text begins, in characters: after the prompt, or at 0 with `echo`. */
  readonly textOffsets: readonly number[];
}

/** An event of the completion of one of the request's prompts. */
export interface PromptEvent {
  readonly source: number;
  readonly value: CompleteResponse;
}

/**
 * The completions of a request's prompts as OpenAI's chunks; a choice's index counts through prompts, then choices.
 * Throws when the stream ends before every choice has finished.
 */
export async function* completionChunks(
  events: AsyncIterable<PromptEvent>,
  info: CompletionInfo,
  options: { readonly includeUsage: boolean },
): AsyncGenerator<Completion, void, void> {
  let head = envelope(info, info.requestedModel);
  const usages = info.textOffsets.map(() => new Map<number, Usage | undefined>());
  const logprobs = Array.from({ length: info.choices }, (_, index) => {
    return new LegacyLogprobsMaker(info.textOffsets[Math.floor(index / info.choicesPerPrompt)] ?? 0);
  });
  const promptLogprobs: (PromptLogprobs | undefined)[] = [];
  const chunk = (choice: Partial<CompletionChoice> & { readonly index: number }): Completion => ({
    ...head,
    choices: [{ text: "", logprobs: null, finish_reason: null, ...choice }],
    ...(options.includeUsage && { usage: null }),
  });
  for await (const { source, value } of events) {
    const { choice, event } = value;
    const index = source * info.choicesPerPrompt + choice;
    if (event.case === "started" && event.value.model !== "") head = envelope(info, event.value.model);
    if (event.case === "started") promptLogprobs[source] = promptLogprobsFromProto(event.value.promptLogprobs);
    if (event.case === "text") {
      const { text, logprobs: tokens } = event.value;
      yield chunk({ index, text, logprobs: logprobs[index]?.take(tokens) ?? null });
    }
    if (event.case === "finished") {
      usages[source]?.set(choice, event.value.usage);
      const ofPrompt = promptLogprobs[source];
      yield chunk({
        index,
        finish_reason: finishReasonFromProto(event.value.reason, { legacyFunctions: false }),
        ...stopReasonFromProto(event.value, info.tellsStopReason),
        ...(ofPrompt && { prompt_logprobs: ofPrompt }),
      });
    }
  }
  for (const finished of usages) requireFinished(finished, { choices: info.choicesPerPrompt });
  if (options.includeUsage) yield { ...head, choices: [], usage: addUsages(usages.map(usageFromProto)) };
}

function envelope(info: CompletionInfo, model: string): Omit<Completion, "choices" | "usage"> {
  return {
    id: info.id,
    object: "text_completion",
    created: info.created,
    model,
    system_fingerprint: systemFingerprint(model, info.serverVersion),
  };
}
