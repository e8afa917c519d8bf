import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type ChatResponse, ChatResponseSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { FinishReason } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { collectMessage } from "../../../shim/anthropic/from-proto/collect-message.ts";
import { messageEvents } from "../../../shim/anthropic/from-proto/message-events.ts";
import {
  chatChunks as ollamaLines,
  collectChat as collectOllama,
} from "../../../shim/ollama/from-proto/chat-chunks.ts";
import { Stopwatch } from "../../../shim/ollama/from-proto/durations.ts";
import type { ChatAnswerInfo } from "../../../shim/openai/answer-info.ts";
import { collectChat } from "../../../shim/openai/from-proto/chat/chat-completion.ts";
import { chatChunks } from "../../../shim/openai/from-proto/chat/chat-chunks.ts";
import { newResponse, type ResponseObject } from "../../../shim/responses/from-proto/response.ts";
import { responseRequestSchema } from "../../../shim/responses/schema/response-request.ts";
import { responseEvents } from "../../../shim/responses/from-proto/response-events.ts";

/** What an answer says, whichever dialect tells it. */
interface Said {
  readonly text: string;
  readonly reasoning: string;
  readonly calls: readonly string[];
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly cachedTokens: number;
  /** Whether there would have been more. */
  readonly isCut: boolean;
}

type Init = Parameters<typeof create<typeof ChatResponseSchema>>[1];

const words = fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 });
const pieces = fc.array(words, { minLength: 1, maxLength: 4 });

const section = fc.oneof(
  pieces.map((texts) => texts.map((text): Init => ({ event: { case: "text", value: { text } } }))),
  pieces.map((texts) => texts.map((text): Init => ({ event: { case: "reasoning", value: { text } } }))),
);

const call = fc.record({
  name: fc.constantFrom("f", "g"),
  json: fc.json({ maxDepth: 1 }).map((json) => `{"a":${json}}`),
  cut: fc.nat(),
});

/** A whole stream, as a worker would send it. */
const streams = fc
  .record({
    sections: fc.array(section, { maxLength: 4 }),
    calls: fc.array(call, { maxLength: 3 }),
    reason: fc.constantFrom(
      FinishReason.STOP,
      FinishReason.LENGTH,
      FinishReason.INTERRUPTED,
      FinishReason.CONTEXT_FULL,
    ),
    usage: fc.record({ promptTokens: fc.nat(99), completionTokens: fc.nat(99) }),
  })
  .map(({ sections, calls, reason, usage: { promptTokens, completionTokens } }) => {
    const cachedTokens = Math.floor(promptTokens / 2);
    const called = calls.flatMap(({ name, json, cut }, index): Init[] => {
      const at = cut % (json.length + 1);
      const id = `call_${index}`;
      return [
        { event: { case: "toolCall", value: { index, id, name } } },
        { event: { case: "toolCall", value: { index, arguments: json.slice(0, at) } } },
        { event: { case: "toolCall", value: { index, arguments: json.slice(at) } } },
      ];
    });
    const end = calls.length > 0 && reason === FinishReason.STOP ? FinishReason.TOOL_CALLS : reason;
    const events: Init[] = [
      { event: { case: "started", value: { model: "m", promptTokens, cachedTokens } } },
      ...sections.flat(),
      ...called,
      { event: { case: "finished", value: { reason: end, usage: { promptTokens, completionTokens, cachedTokens } } } },
    ];
    return events.map((event) => create(ChatResponseSchema, event));
  });

async function* over(events: readonly ChatResponse[]): AsyncGenerator<ChatResponse> {
  yield* events;
}

const chatInfo: ChatAnswerInfo = {
  id: "c",
  created: 0,
  requestedModel: "",
  serverVersion: "",
  choices: 1,
  legacyFunctions: false,
  echo: "",
  tellsStopReason: false,
  serviceTier: undefined,
};

async function byChat(events: readonly ChatResponse[]): Promise<Said> {
  const { choices, usage } = await collectChat(over(events), chatInfo);
  const { message, finish_reason } = choices[0] ?? expect.fail();
  return {
    text: message.content ?? "",
    reasoning: message.reasoning_content ?? "",
    calls: (message.tool_calls ?? []).map(({ function: fn }) => `${fn.name} ${fn.arguments}`),
    promptTokens: usage.prompt_tokens,
    completionTokens: usage.completion_tokens,
    cachedTokens: usage.prompt_tokens_details.cached_tokens,
    isCut: finish_reason === "length",
  };
}

async function byChatStream(events: readonly ChatResponse[]): Promise<Said> {
  const chunks = await Array.fromAsync(chatChunks(over(events), chatInfo, { includeUsage: true }));
  const deltas = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta));
  const calls: string[] = [];
  for (const { index, function: fn } of deltas.flatMap(({ tool_calls }) => tool_calls ?? [])) {
    calls[index] = (calls[index] ?? `${fn.name} `) + fn.arguments;
  }
  const usage = chunks.at(-1)?.usage ?? expect.fail();
  return {
    text: deltas.map(({ content }) => content ?? "").join(""),
    reasoning: deltas.map(({ reasoning_content }) => reasoning_content ?? "").join(""),
    calls,
    promptTokens: usage.prompt_tokens,
    completionTokens: usage.completion_tokens,
    cachedTokens: usage.prompt_tokens_details.cached_tokens,
    isCut: chunks.some(({ choices }) => choices[0]?.finish_reason === "length"),
  };
}

async function byMessages(events: readonly ChatResponse[]): Promise<Said> {
  const info = { id: "m", requestedModel: "", thinkingOmitted: false };
  const { content, usage, stop_reason } = await collectMessage(messageEvents(over(events), info));
  return {
    text: content.map((block) => (block.type === "text" ? block.text : "")).join(""),
    reasoning: content.map((block) => (block.type === "thinking" ? block.thinking : "")).join(""),
    calls: content.flatMap((block) =>
      block.type === "tool_use" ? [`${block.name} ${JSON.stringify(block.input)}`] : [],
    ),
    promptTokens: usage.input_tokens + usage.cache_read_input_tokens,
    completionTokens: usage.output_tokens,
    cachedTokens: usage.cache_read_input_tokens,
    isCut: stop_reason === "max_tokens" || stop_reason === "model_context_window_exceeded",
  };
}

async function byResponses(events: readonly ChatResponse[]): Promise<Said> {
  const toldEvents = await Array.fromAsync(
    responseEvents(over(events), newResponse(responseRequestSchema.parse({ input: "x" }), false), {
      reasoning: { asSummary: false, sealed: false },
      toolOf: (name) => ({ kind: "function", name, namespace: undefined }),
      facts: undefined,
    }),
  );
  const last = toldEvents.at(-1) ?? expect.fail("nothing was told");
  const { output, usage, status } = last["response"] as ResponseObject;
  return {
    text: output.flatMap((item) => (item.type === "message" ? item.content.map(({ text }) => text) : [])).join(""),
    reasoning: output
      .flatMap((item) => (item.type === "reasoning" ? (item.content ?? []).map(({ text }) => text) : []))
      .join(""),
    calls: output.flatMap((item) => (item.type === "function_call" ? [`${item.name} ${item.arguments}`] : [])),
    promptTokens: usage?.input_tokens ?? -1,
    completionTokens: usage?.output_tokens ?? -1,
    cachedTokens: usage?.input_tokens_details.cached_tokens ?? -1,
    isCut: status === "incomplete",
  };
}

async function byOllama(events: readonly ChatResponse[]): Promise<Said> {
  const lines = ollamaLines(over(events), { model: "m", watch: new Stopwatch() });
  const { message, ...ending } = await collectOllama(lines);
  return {
    text: message.content,
    reasoning: message.thinking ?? "",
    // Its arguments are JSON, written digit for digit.
    calls: (message.tool_calls ?? []).map(({ function: fn }) => `${fn.name} ${JSON.stringify(fn.arguments)}`),
    promptTokens: ending.prompt_eval_count ?? -1,
    completionTokens: ending.eval_count ?? -1,
    // It has no word for them.
    cachedTokens: Math.floor((ending.prompt_eval_count ?? -1) / 2),
    isCut: ending.done_reason === "length",
  };
}

test("every dialect says the same text, reasoning, calls, usage and end of one stream", async () => {
  await fc.assert(
    fc.asyncProperty(streams, async (events) => {
      const said = await byChat(events);
      for (const tell of [byChatStream, byMessages, byResponses, byOllama]) {
        const other = await tell(events);
        // Anthropic's input is JSON, not its text.
        const calls =
          tell === byMessages
            ? said.calls.map((it) => it.replace(/\{.*$/s, (json) => JSON.stringify(JSON.parse(json))))
            : said.calls;
        expect(other).toEqual({ ...said, calls });
      }
    }),
  );
});
