import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ChatResponseSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { FinishReason } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { CompleteResponseSchema } from "../../../proto/gen/tokenwire/v1/inference_pb.ts";
import { RelayedEvent } from "../../../services/inference/relayed-event.ts";

const chat = (init: MessageInitShape<typeof ChatResponseSchema>) =>
  new RelayedEvent(ChatResponseSchema, toBinary(ChatResponseSchema, create(ChatResponseSchema, init)));
const completion = (init: MessageInitShape<typeof CompleteResponseSchema>) =>
  new RelayedEvent(CompleteResponseSchema, toBinary(CompleteResponseSchema, create(CompleteResponseSchema, init)));

const finished = { reason: FinishReason.LENGTH, usage: { completionTokens: 3 } };

describe("an event in its wire form", () => {
  test.each([
    [chat({ event: { case: "started", value: { model: "a", promptTokens: 300 } } }), "started", 0],
    [chat({ event: { case: "text", value: { text: "x".repeat(300) } } }), "delta", 0],
    [chat({ choice: 200, event: { case: "toolCall", value: { name: "f" } } }), "delta", 200],
    [chat({ choice: 1, event: { case: "finished", value: finished } }), "finished", 1],
    [completion({ choice: 2, event: { case: "text", value: { text: "x" } } }), "delta", 2],
    [completion({ choice: 2, event: { case: "finished", value: finished } }), "finished", 2],
    // One that this version does not know.
    [new RelayedEvent(ChatResponseSchema, Uint8Array.of(0x08, 3, 0x7a, 1, 0)), "delta", 3],
    [new RelayedEvent(ChatResponseSchema, new Uint8Array()), "delta", 0],
  ])("tells what it is and of which choice (%#)", (event, kind, choice) => {
    expect(event).toMatchObject({ kind, choice });
  });

  test("tells how a choice ended when it is asked", () => {
    expect(chat({ choice: 1, event: { case: "finished", value: finished } }).finished()).toMatchObject(finished);
    expect(completion({ event: { case: "finished", value: finished } }).finished()).toMatchObject(finished);
    expect(chat({ event: { case: "text", value: { text: "x" } } }).finished()).toBeUndefined();
  });

  test.each([[[0x0a]], [[0x1a, 5, 1]], [[0xff]]])("is none with bytes that are no message: %j", (bytes) => {
    expect(() => new RelayedEvent(ChatResponseSchema, Uint8Array.from(bytes))).toThrow();
  });
});
