import type OpenAI from "openai";
import { expect } from "vitest";

/** What SDKs that put a chat stream together rely on, beyond the shape of each chunk. Fails the test that calls it. */
export function expectWholeChatStream(chunks: readonly OpenAI.ChatCompletionChunk[], includeUsage: boolean): void {
  expectWholeStream(chunks, includeUsage);
  for (const choice of byChoice(chunks)) {
    const [first, ...others] = choice.map(({ delta }) => delta);
    expect(first).toMatchObject({ role: "assistant" });
    expect(others.filter((delta) => delta.role !== undefined)).toEqual([]);
    expect(choice.at(-1)?.delta).toEqual({});
    expectWholeCalls(choice.flatMap(({ delta }) => delta.tool_calls ?? []));
  }
}

interface Chunk extends Pick<OpenAI.Completion, "id" | "created" | "model"> {
  readonly object: string;
  readonly choices: readonly { readonly index: number; readonly finish_reason: string | null }[];
  readonly usage?: OpenAI.CompletionUsage | null;
}

/** The rules that both generating APIs have: one identity, one finish for each choice, and usage where it belongs. */
export function expectWholeStream(chunks: readonly Chunk[], includeUsage: boolean): void {
  const identities = chunks.map(({ id, created, model, object }) => JSON.stringify({ id, created, model, object }));
  expect(new Set(identities).size).toBe(1);
  for (const choice of byChoice(chunks)) {
    expect(choice.filter(({ finish_reason: reason }) => reason !== null)).toEqual([choice.at(-1)]);
  }
  const usages = chunks.map((chunk) => chunk.usage);
  if (!includeUsage) return expect(new Set(usages)).toEqual(new Set([undefined]));
  expect(new Set(usages.slice(0, -1))).toEqual(new Set([null]));
  expect(usages.at(-1)).toMatchObject({ total_tokens: expect.any(Number) });
  expect(chunks.at(-1)?.choices).toEqual([]);
}

function byChoice<C extends { readonly index: number }>(chunks: readonly { readonly choices: readonly C[] }[]): C[][] {
  const groups = Map.groupBy(
    chunks.flatMap((chunk) => chunk.choices),
    (choice) => choice.index,
  );
  return [...groups.values()];
}

/** A call's identity comes once and first, and calls come one after another. */
function expectWholeCalls(deltas: readonly OpenAI.ChatCompletionChunk.Choice.Delta.ToolCall[]): void {
  const indexes = deltas.map(({ index }) => index);
  expect(indexes).toEqual(indexes.toSorted((a, b) => a - b));
  const calls = Map.groupBy(deltas, ({ index }) => index);
  expect([...calls.keys()]).toEqual([...calls.keys()].map((_, index) => index));
  for (const [first, ...others] of calls.values()) {
    expect(first).toMatchObject({ id: expect.any(String), type: "function", function: { name: expect.any(String) } });
    for (const { id, type, function: call } of others) {
      expect({ id, type, name: call?.name }).toEqual({ id: undefined, type: undefined, name: undefined });
    }
  }
}
