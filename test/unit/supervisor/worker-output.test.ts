import { once } from "node:events";
import { PassThrough } from "node:stream";
import { pino } from "pino";
import { expect, test } from "vitest";
import { relayOutput } from "../../../services/supervisor/worker-output.ts";

test("a worker's own lines keep level and fields, any other line is a warning", async () => {
  const stream = new PassThrough();
  const lines: unknown[] = [];
  const log = pino(
    { base: { model: "a" }, level: "debug", timestamp: false },
    { write: (line) => lines.push(JSON.parse(line)) },
  );
  relayOutput(stream, log);
  stream.write('{"level":20,"time":1,"method":"x","msg":"hello"}\nGGML_ASSERT(n > 0) fa');
  stream.write('iled\n\n{"level":broken\n');
  stream.end();
  await once(stream, "close");
  expect(lines).toEqual([
    { level: 20, model: "a", method: "x", msg: "hello" },
    { level: 40, model: "a", msg: "GGML_ASSERT(n > 0) failed" },
    { level: 40, model: "a", msg: '{"level":broken' },
  ]);
});
