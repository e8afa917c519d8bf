import fc from "fast-check";
import { expect, test } from "vitest";
import { ResponseParser, type ResponseHead } from "../../../bench/load/response-parser.ts";

/** Feeds pieces of what a server sends; returns the responses' heads and bodies. */
function parse(pieces: readonly Buffer[]) {
  const responses: { head: ResponseHead; body: string }[] = [];
  let body = "";
  const parser = new ResponseParser(
    (piece) => (body += piece.toString()),
    (head) => {
      responses.push({ head, body });
      body = "";
    },
  );
  for (const piece of pieces) parser.push(piece);
  return responses;
}

const chunked =
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nKeep-Alive: timeout=5\r\n\r\n6\r\nhello \r\n5;x=y\r\nworld\r\n0\r\n\r\n";
const counted = 'HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 7\r\n\r\n{"a":1}';

test("reads responses one after the other, wherever the pieces of them end", () => {
  const bytes = Buffer.from(chunked + counted + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
      const at = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
      expect(parse(pieces)).toEqual([
        { head: { status: 200, closes: false }, body: "hello world" },
        { head: { status: 503, closes: true }, body: '{"a":1}' },
        { head: { status: 200, closes: false }, body: "" },
      ]);
    }),
  );
});

test("a body of unknown length, and a chunk without a size, are refused", () => {
  expect(() => parse([Buffer.from("HTTP/1.1 200 OK\r\n\r\n")])).toThrow("neither length nor chunks");
  expect(() => parse([Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n")])).toThrow(
    "not the size of a chunk: x",
  );
});
