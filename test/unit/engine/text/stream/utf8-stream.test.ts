import fc from "fast-check";
import { expect, test } from "vitest";
import { createUtf8Stream } from "../../../../../services/engine/text/stream/utf8-stream.ts";

const bytes = (...values: number[]) => Uint8Array.from(values);

test("holds a character until its last byte has arrived", () => {
  const stream = createUtf8Stream();
  expect(stream.push(bytes(0x61, 0xf0, 0x9f))).toBe("a");
  expect(stream.push(bytes(0x98))).toBe("");
  expect(stream.push(bytes(0x80, 0x62))).toBe("😀b");
  expect(stream.end()).toBe("");
});

test("gives U+FFFD for invalid bytes and goes on", () => {
  const stream = createUtf8Stream();
  expect(stream.push(bytes(0xff, 0x61))).toBe("\ufffda");
  expect(stream.push(bytes(0xe6))).toBe("");
  expect(stream.push(bytes(0x62))).toBe("\ufffdb");
});

test("gives U+FFFD for a character that the text's end cuts", () => {
  const stream = createUtf8Stream();
  expect(stream.push(bytes(0xe6, 0x9d))).toBe("");
  expect(stream.end()).toBe("\ufffd");
  expect(stream.end()).toBe("");
  expect(stream.push(bytes(0x61))).toBe("a");
});

test("keeps a byte order mark that the model wrote", () => {
  expect(createUtf8Stream().push(bytes(0xef, 0xbb, 0xbf, 0x61))).toBe("\ufeffa");
});

test("decodes as if all bytes had come at once", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 6 }),
    fc.string({ unit: "grapheme", maxLength: 4 }).map((text) => new TextEncoder().encode(text)),
    fc.constantFrom(bytes(0xe6), bytes(0x9d, 0xb1), bytes(0xf0, 0x9f), bytes(0x98), bytes(0x80), bytes(0xed, 0xa0)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const stream = createUtf8Stream();
      const streamed = pieces.map((p) => stream.push(p)).join("") + stream.end();
      const whole = new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.concat(pieces));
      expect(streamed).toBe(whole);
    }),
    { numRuns: 2000 },
  );
});
