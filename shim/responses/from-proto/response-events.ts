import { z } from "zod";
import type { ChatResponse } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { type Finished, FinishReason, type TokenLogprob } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { requireFinished } from "../../dialect/answer/event-streams.ts";
import { named } from "../../dialect/docs/endpoint-docs.ts";
import type { ErrorFacts } from "../../dialect/error-facts.ts";
import type { OwnTool } from "../to-proto/tools.ts";
import type { ItemStatus, OutputItem } from "./output-item.ts";
import { now, type ResponseObject } from "./response.ts";
import {
  type ItemEvent,
  type ReasoningOptions,
  toldCall,
  type ToldItem,
  toldReasoning,
  toldText,
} from "./told-item.ts";
import { usageFromProto } from "./usage.ts";

/** One event of a response's stream: what else it has depends on its type. */
export const responseEventSchema = named(
  "ResponseStreamEvent",
  z.looseObject({ type: z.string(), sequence_number: z.int().min(0) }),
);

export type ResponseEvent = ItemEvent & Readonly<z.infer<typeof responseEventSchema>>;

export interface TellOptions {
  readonly reasoning: ReasoningOptions;
  /** A tool as the client knows it, by the name that the model calls it by. */
  readonly toolOf: (name: string) => OwnTool;
  /** What may be told of an error after the answer has begun; unset: it is thrown. */
  readonly facts: ((error: unknown) => ErrorFacts) | undefined;
}

/**
 * A chat stream as OpenAI's events about `response`, numbered from 0. The last but for an error's is about the whole
 * response. What fails before the answer begins is thrown; a response that waits in the background has begun at once.
 */
export async function* responseEvents(
  events: AsyncIterable<ChatResponse>,
  response: ResponseObject,
  options: TellOptions,
): AsyncGenerator<ResponseEvent, void, void> {
  let number = 0;
  const numbered = (event: ItemEvent): ResponseEvent => ({ ...event, sequence_number: number++ });
  const about = (kind: string, whole: ResponseObject) => numbered({ type: `response.${kind}`, response: whole });
  const output = new Output(options);
  let current = response;
  let begun = false;
  if (response.status === "queued") {
    begun = true;
    yield about("created", response);
    yield about("queued", response);
  }
  try {
    const finished = new Map<number, true>();
    for await (const { event } of events) {
      if (event.case === "started") {
        current = { ...current, status: "in_progress", model: event.value.model || response.model };
        if (!begun) yield about("created", current);
        begun = true;
        yield about("in_progress", current);
      } else if (event.case === "text" || event.case === "reasoning" || event.case === "toolCall") {
        for (const told of output.tell(event)) yield numbered(told);
      } else if (event.case === "finished") {
        finished.set(0, true);
        const isWhole = isCompleted(event.value);
        for (const told of output.end(isWhole ? "completed" : "incomplete")) yield numbered(told);
        current = finishedResponse(current, { finished: event.value, isWhole, output: output.items });
        yield about(current.status, current);
      }
    }
    requireFinished(finished, { choices: 1 });
  } catch (error) {
    if (!begun || options.facts === undefined) throw error;
    const { code, message, param, type } = options.facts(error);
    for (const told of output.end("incomplete")) yield numbered(told);
    const failure = { code: code ?? type, message };
    yield about("failed", { ...current, status: "failed", error: failure, output: output.items });
    yield numbered({ type: "error", code: failure.code, message, param });
  }
}

function isCompleted({ reason }: Finished): boolean {
  switch (reason) {
    case FinishReason.STOP:
    case FinishReason.TOOL_CALLS:
      return true;
    case FinishReason.LENGTH:
    case FinishReason.CONTEXT_FULL:
    case FinishReason.INTERRUPTED:
      return false;
    default:
      throw new Error(`unknown finish reason ${reason}`);
  }
}

interface End {
  readonly finished: Finished;
  readonly isWhole: boolean;
  readonly output: OutputItem[];
}

function finishedResponse(response: ResponseObject, { finished, isWhole, output }: End): ResponseObject {
  return {
    ...response,
    status: isWhole ? "completed" : "incomplete",
    completed_at: isWhole ? now() : null,
    // The contract's one word for an answer that would have gone on.
    incomplete_details: isWhole ? null : { reason: "max_output_tokens" },
    output,
    usage: usageFromProto(finished.usage),
  };
}

type Delta = Extract<ChatResponse["event"], { case: "text" | "reasoning" | "toolCall" }>;

/** The items of an output, one after another. */
class Output {
  readonly items: OutputItem[] = [];
  readonly #options: TellOptions;
  #open: { readonly what: string; readonly told: ToldItem } | undefined;

  constructor(options: TellOptions) {
    this.#options = options;
  }

  *tell(delta: Delta): Generator<ItemEvent, void, void> {
    switch (delta.case) {
      case "text":
        if (delta.value.text === "" && delta.value.logprobs.length === 0) return;
        yield* this.#enter("text", toldText);
        yield* this.#add(delta.value.text, delta.value.logprobs);
        break;
      case "reasoning":
        yield* this.#enter("reasoning", () => toldReasoning(this.#options.reasoning));
        yield* this.#add(delta.value.text, []);
        break;
      case "toolCall": {
        const { index, id, name, arguments: json } = delta.value;
        yield* this.#enter(`call ${index}`, () => toldCall(id, this.#options.toolOf(name)));
        yield* this.#add(json, []);
      }
    }
  }

  /** The answer is over: `status` is that of the item that is still open. */
  *end(status: ItemStatus): Generator<ItemEvent, void, void> {
    if (this.#open === undefined) return;
    const { told } = this.#open;
    yield* this.#placed(told.close(), told.id);
    const item = told.item(status);
    yield { type: "response.output_item.done", output_index: this.items.length, item };
    this.items.push(item);
    this.#open = undefined;
  }

  *#enter(what: string, create: () => ToldItem): Generator<ItemEvent, void, void> {
    if (this.#open?.what === what) return;
    yield* this.end("completed");
    const told = create();
    this.#open = { what, told };
    yield {
      type: "response.output_item.added",
      output_index: this.items.length,
      item: emptied(told.item("in_progress")),
    };
    yield* this.#placed(told.open(), told.id);
  }

  *#add(text: string, logprobs: readonly TokenLogprob[]): Generator<ItemEvent, void, void> {
    const told = this.#open?.told;
    if (told !== undefined) yield* this.#placed(told.add(text, logprobs), told.id);
  }

  *#placed(events: readonly ItemEvent[], item_id: string): Generator<ItemEvent, void, void> {
    for (const event of events) yield { ...event, item_id, output_index: this.items.length };
  }
}

/** An item as it is added: its parts come in events of their own. */
function emptied(item: OutputItem): OutputItem {
  if (item.type === "message") return { ...item, content: [] };
  return item.type === "reasoning" && item.encrypted_content !== undefined ? { ...item, encrypted_content: "" } : item;
}
