import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type ChatResponse, ChatResponseSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { FinishReason, TokenLogprobSchema } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { ChatAnswerInfo } from "../../../shim/openai/answer-info.ts";
import { chatChunks } from "../../../shim/openai/from-proto/chat/chat-chunks.ts";
import { collectChat } from "../../../shim/openai/from-proto/chat/chat-completion.ts";
import { LegacyLogprobsMaker } from "../../../shim/openai/from-proto/completion/legacy-logprobs.ts";
import { tokenText } from "../../../shim/dialect/answer/token-text.ts";

type Init = MessageInitShape<typeof ChatResponseSchema>;

const info: ChatAnswerInfo = {
  id: "chatcmpl-1",
  created: 1,
  requestedModel: "asked",
  serverVersion: "1",
  choices: 1,
  tellsStopReason: false,
  legacyFunctions: false,
  echo: "",
  serviceTier: undefined,
};

async function* stream(...events: Init[]): AsyncGenerator<ChatResponse> {
  for (const event of events) yield create(ChatResponseSchema, event);
}

const text = (value: string, choice = 0): Init => ({ choice, event: { case: "text", value: { text: value } } });
const reasoning = (value: string): Init => ({ event: { case: "reasoning", value: { text: value } } });
const call = (value: { index?: number; id?: string; name?: string; arguments?: string }): Init => ({
  event: { case: "toolCall", value },
});
const finished = (choice = 0, reason: FinishReason = FinishReason.STOP, cachedTokens = 0): Init => ({
  choice,
  event: { case: "finished", value: { reason, usage: { promptTokens: 5, completionTokens: 2, cachedTokens } } },
});

async function chunksOf(events: Init[], changes: Partial<ChatAnswerInfo> = {}, includeUsage = false) {
  return Array.fromAsync(chatChunks(stream(...events), { ...info, ...changes }, { includeUsage }));
}

test("interleaves choices, each with its role first and its finish last", async () => {
  const chunks = await chunksOf([text("a"), text("b", 1), finished(1), text("c"), finished(0)], { choices: 2 });
  expect(chunks.flatMap(({ choices }) => choices.map((c) => [c.index, c.delta.role ?? c.delta.content ?? c.finish_reason]))).toEqual([
    [0, "assistant"], [0, "a"], [1, "assistant"], [1, "b"], [1, "stop"], [0, "c"], [0, "stop"],
  ]); // prettier-ignore
});

test("calls an answer that was interrupted one that is not whole", async () => {
  const chunks = await chunksOf([text("a"), finished(0, FinishReason.INTERRUPTED)]);
  expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("length");
});

test("counts the prompt once, and the cached part of the first choice", async () => {
  const chunks = await chunksOf(
    [finished(1, FinishReason.STOP, 5), finished(0, FinishReason.LENGTH, 3)],
    { choices: 2 },
    true,
  );
  expect(chunks.at(-1)).toMatchObject({
    choices: [],
    usage: { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9, prompt_tokens_details: { cached_tokens: 3 } },
  });
});

test("says the model that answers, and the one asked for until it is known", async () => {
  const started: Init = { event: { case: "started", value: { model: "real" } } };
  expect((await chunksOf([started, finished()]))[0]).toMatchObject({ model: "real" });
  expect((await chunksOf([finished()]))[0]).toMatchObject({ model: "asked" });
});

test("gives reasoning a field of its own", async () => {
  const events = [reasoning("hm"), text("yes"), finished()];
  const deltas = (await chunksOf(events)).map(({ choices }) => choices[0]?.delta);
  expect(deltas).toEqual([{ role: "assistant", content: null }, { reasoning_content: "hm" }, { content: "yes" }, {}]);
  const { choices } = await collectChat(stream(...events), info);
  expect(choices[0]?.message).toEqual({ role: "assistant", content: "yes", refusal: null, reasoning_content: "hm" });
});

test("says a tool call's id, type and name once, and numbers parallel calls", async () => {
  const events = [
    call({ index: 0, id: "c0", name: "f" }),
    call({ index: 0, arguments: '{"a":' }),
    call({ index: 0, arguments: "1}" }),
    call({ index: 1, id: "c1", name: "g", arguments: "{}" }),
    finished(0, FinishReason.TOOL_CALLS),
  ];
  const deltas = (await chunksOf(events)).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? []);
  expect(deltas).toEqual([
    { index: 0, id: "c0", type: "function", function: { name: "f", arguments: "" } },
    { index: 0, function: { arguments: '{"a":' } },
    { index: 0, function: { arguments: "1}" } },
    { index: 1, id: "c1", type: "function", function: { name: "g", arguments: "{}" } },
  ]);
  const { choices } = await collectChat(stream(...events), info);
  expect(choices[0]).toMatchObject({
    message: {
      content: null,
      tool_calls: [
        { id: "c0", type: "function", function: { name: "f", arguments: '{"a":1}' } },
        { id: "c1", type: "function", function: { name: "g", arguments: "{}" } },
      ],
    },
    finish_reason: "tool_calls",
  });
});

test("answers legacy functions with function_call alone", async () => {
  const events = [call({ id: "c", name: "f" }), call({ arguments: "{}" }), finished(0, FinishReason.TOOL_CALLS)];
  const chunks = await chunksOf(events, { legacyFunctions: true });
  expect(chunks.map(({ choices }) => choices[0]?.delta.function_call)).toEqual([
    undefined,
    { name: "f", arguments: "" },
    { arguments: "{}" },
    undefined,
  ]);
  expect(JSON.stringify(chunks)).not.toContain("tool_calls");
  const { choices } = await collectChat(stream(...events), { ...info, legacyFunctions: true });
  expect(choices[0]).toMatchObject({
    message: { function_call: { name: "f", arguments: "{}" } },
    finish_reason: "function_call",
  });
});

test("gives each piece its tokens' log-probabilities, with bytes", async () => {
  const token = (bytes: number[], logprob: number) => ({ id: 1, bytes: Uint8Array.from(bytes), logprob });
  const logprobs = [{ token: token([0xe3, 0x81], -Infinity), top: [token([0x61], -0.25)] }];
  const [, chunk] = await chunksOf([{ event: { case: "text", value: { text: "", logprobs } } }, finished()]);
  expect(chunk?.choices[0]?.logprobs).toEqual({
    content: [
      {
        token: String.raw`bytes:\xe3\x81`,
        logprob: -9999,
        bytes: [0xe3, 0x81],
        top_logprobs: [{ token: "a", logprob: -0.25, bytes: [0x61] }],
      },
    ],
    refusal: null,
  });
});

test.each([
  ["no event", []],
  ["no finish", [text("a")]],
  ["one finish of two", [text("a"), finished(0)]],
])("throws for a stream with %s", async (_, events) => {
  await expect(chunksOf(events, { choices: 2 })).rejects.toThrow("choices finished");
  await expect(collectChat(stream(...events), { ...info, choices: 2 })).rejects.toThrow("choices finished");
});

test("leaves the events when it is left", async () => {
  let left = false;
  async function* events(): AsyncGenerator<ChatResponse> {
    try {
      for (;;) yield create(ChatResponseSchema, text("a"));
    } finally {
      left = true;
    }
  }
  for await (const _ of chatChunks(events(), info, { includeUsage: false })) break;
  expect(left).toBe(true);
});

test("tells two tokens apart that are both no whole character", () => {
  expect(tokenText(Uint8Array.of(0xf0, 0x9f))).not.toBe(tokenText(Uint8Array.of(0xf0, 0x9e)));
  expect(tokenText(new TextEncoder().encode("日本"))).toBe("日本");
});

test("counts offsets in characters, over tokens that split one and over pieces", () => {
  const maker = new LegacyLogprobsMaker(10);
  const token = (...bytes: number[]) =>
    create(TokenLogprobSchema, { token: { bytes: Uint8Array.from(bytes), logprob: -1 } });
  expect(maker.take([token(0x61), token(0xe3, 0x81), token(0x82)])?.text_offset).toEqual([10, 11, 11]);
  expect(maker.take([token(0x62)])?.text_offset).toEqual([12]);
  expect(maker.take([])).toBeNull();
});
