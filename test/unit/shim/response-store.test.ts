import { expect, test } from "vitest";
import { newResponse } from "../../../shim/responses/from-proto/response.ts";
import { responseRequestSchema } from "../../../shim/responses/schema/response-request.ts";
import { ResponseStore, type StoreLimits } from "../../../shim/responses/store/response-store.ts";
import { createMemoryShelf, type Shelf } from "../../../shim/responses/store/shelf.ts";
import type { StoredResponse } from "../../../shim/responses/store/stored-response.ts";

const stored = (text = "x", caller = "me"): StoredResponse => ({
  caller,
  response: newResponse(responseRequestSchema.parse({ input: text }), true),
  input: [{ id: `msg_${text}`, type: "message", role: "user", content: text }],
});

function store(limits: Partial<StoreLimits> = {}, shelf: Shelf = createMemoryShelf()) {
  let nowMs = 0;
  const it = new ResponseStore(shelf, { maxCount: 100, maxBytes: 1e6, keepMs: 1_000, ...limits }, () => nowMs);
  const has = async ({ caller, response }: StoredResponse) => (await it.get(caller, response.id)) !== undefined;
  return { it, has, pass: (ms: number) => (nowMs += ms) };
}

test("forgets what was used longest ago when there are too many", async () => {
  const { it, has } = store({ maxCount: 2 });
  const [a, b, c] = [stored(), stored(), stored()];
  await it.put(a);
  await it.put(b);
  expect(await has(a)).toBe(true);
  await it.put(c);
  expect([await has(a), await has(b), await has(c)]).toEqual([true, false, true]);
});

test("forgets when the bytes are too many, and never takes what is larger than all the room", async () => {
  const { it, has } = store({ maxBytes: 8_000 });
  const [a, b] = [stored("a".repeat(3_000)), stored("b".repeat(3_000))];
  await it.put(a);
  await it.put(b);
  expect([await has(a), await has(b)]).toEqual([false, true]);
  expect(await it.put(stored("c".repeat(9_000)))).toBe(false);
  expect(await has(b)).toBe(true);
});

test("forgets what nobody has used for long", async () => {
  const { it, has, pass } = store();
  const [a, b] = [stored(), stored()];
  await it.put(a);
  await it.put(b);
  pass(900);
  expect(await has(a)).toBe(true);
  pass(900);
  expect([await has(a), await has(b)]).toEqual([true, false]);
});

test("finds items for their caller alone, and deletes for their caller alone", async () => {
  const { it } = store();
  const a = stored("hello");
  await it.put(a);
  expect((await it.withItem("me", "msg_hello"))?.response.id).toBe(a.response.id);
  expect(await it.withItem("you", "msg_hello")).toBeUndefined();
  expect(await it.delete("you", a.response.id)).toBe(false);
  expect(await it.delete("me", a.response.id)).toBe(true);
  expect(await it.get("me", a.response.id)).toBeUndefined();
});

test("tells when the shelf cannot take it, and keeps what was there", async () => {
  const shelf = createMemoryShelf();
  const { it, has } = store(
    {},
    {
      ...shelf,
      put: (id, text) => (text.includes("full") ? Promise.reject(new Error("ENOSPC")) : shelf.put(id, text)),
    },
  );
  const a = stored();
  await it.put(a);
  await expect(it.put(stored("full"))).rejects.toThrow("ENOSPC");
  expect(await has(a)).toBe(true);
});
