import { expect, test } from "vitest";
import { chat, startTestServices, textOf } from "./support.ts";

test("answers a chat through the front and its worker", async () => {
  await using ctx = await startTestServices();
  const events = await Array.fromAsync(ctx.client.inference.chat(chat("count:3")));
  expect(events.map(({ event }) => event.case)).toEqual(["started", "text", "text", "text", "finished"]);
  expect(textOf(events)).toBe("w1 w2 w3 ");
});
