import { TRPCClientError } from "@trpc/client";
import { EventSource } from "eventsource";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTrpcClient } from "../../clients/trpc/client.ts";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";
import { waitUntil } from "../support/wait-until.ts";

let tokenwire: Tokenwire;
let trpc: ReturnType<typeof createTrpcClient>;
beforeAll(async () => {
  tokenwire = await startTokenwire();
  trpc = createTrpcClient({ url: `${tokenwire.url}/trpc`, EventSource });
});
afterAll(() => tokenwire[Symbol.asyncDispose]());

const hello = [{ role: "user" as const, content: "Hello!" }];

test("streams a chat", async () => {
  let text = "";
  let last;
  for await (const event of await trpc.chat.mutate({ messages: hello, options: { temperature: 0 } })) {
    if (event.type === "text") text += event.text;
    last = event;
  }
  expect(text).toBe("Hello! How can I help you today?");
  expect(last).toMatchObject({ type: "finished", reason: "stop", usage: { promptTokens: 10, completionTokens: 10 } });
});

test("frees the slot when the frontend breaks", async () => {
  const control = new AbortController();
  const options = { ignoreEos: true, maxTokens: 900 };
  for await (const event of await trpc.chat.mutate({ messages: hello, options }, { signal: control.signal }))
    if (event.type === "text") break;
  control.abort();
  await waitUntil("the slot is free", async () => (await tokenwire.metric("tokenwire_slots_busy")) === 0);
  expect(await tokenwire.metric("tokenwire_completion_tokens_total")).toBeLessThan(900);
});

test("lists and watches the models", async () => {
  const [model] = await trpc.models.list.query();
  expect(model).toMatchObject({ id: "tiny-guide", state: "resident" });
  const seen = Promise.withResolvers<unknown>();
  const subscription = trpc.models.watch.subscribe(undefined, { onData: seen.resolve, onError: seen.reject });
  expect(await seen.promise).toMatchObject({ id: "tiny-guide" });
  subscription.unsubscribe();
});

test("embeds", async () => {
  const { embeddings } = await trpc.embed.mutate({ inputs: ["Hello!", "Good morning"] });
  expect(embeddings.map(({ length }) => length)).toEqual([192, 192]);
});

test("an error says what is wrong, without a stack", async () => {
  const run = trpc.chat.mutate({ messages: hello, options: { temperature: -1 } });
  const error: unknown = await run.then((events) => Array.fromAsync(events)).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(TRPCClientError);
  expect(error).toMatchObject({ data: { param: "temperature" } });
  expect(JSON.stringify(error)).not.toContain(".ts:");
});
