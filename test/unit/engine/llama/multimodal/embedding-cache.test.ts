import { expect, test } from "vitest";
import { EmbeddingCache } from "../../../../../services/engine/llama/multimodal/embedding-cache.ts";

const rows = (count: number): Float32Array => new Float32Array(count);

test("keeps what was used last, within its bytes", () => {
  const cache = new EmbeddingCache(40);
  cache.set("a", rows(4));
  cache.set("b", rows(4));
  expect(cache.get("a")).toBeDefined();
  cache.set("c", rows(4));
  expect([cache.get("a"), cache.get("b"), cache.get("c")].map((kept) => kept !== undefined)).toEqual([
    true,
    false,
    true,
  ]);
  expect(cache.bytes).toBe(32);
});

test("what is larger than all of it is not kept, and drives nothing out", () => {
  const cache = new EmbeddingCache(40);
  cache.set("a", rows(4));
  cache.set("large", rows(11));
  expect(cache.get("large")).toBeUndefined();
  expect(cache.get("a")).toBeDefined();
});

test("of the same name the last one counts", () => {
  const cache = new EmbeddingCache(40);
  cache.set("a", rows(4));
  cache.set("a", rows(2));
  expect(cache.bytes).toBe(8);
});
