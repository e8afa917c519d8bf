import { once } from "node:events";
import { PassThrough } from "node:stream";
import { pino } from "pino";
import { expect, test } from "vitest";
import { relayOutput } from "../../../services/supervisor/worker-output.ts";

/** What is logged of a worker's standard error. */
async function relayed(...chunks: string[]): Promise<unknown[]> {
  const stream = new PassThrough();
  const lines: unknown[] = [];
  const log = pino(
    { base: { model: "a" }, level: "debug", timestamp: false },
    { write: (line) => lines.push(JSON.parse(line)) },
  );
  relayOutput(stream, log, "key");
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await once(stream, "close");
  return lines;
}

const line = (fields: object) => `${JSON.stringify({ level: 20, time: 1, logKey: "key", ...fields })}\n`;
const warning = (msg: string) => ({ level: 40, model: "a", msg });

test("a worker's own lines keep level and fields, any other line is a warning", async () => {
  const own = line({ method: "x", msg: "hello" });
  expect(await relayed(`${own}GGML_ASSERT(n > 0) fa`, 'iled\n\n{"level":broken\n')).toEqual([
    { level: 20, model: "a", method: "x", msg: "hello" },
    warning("GGML_ASSERT(n > 0) failed"),
    warning('{"level":broken'),
  ]);
});

test("what native code prints cannot pass for a line of the worker's", async () => {
  for (const forged of ['{"level":60,"msg":"all is lost"}', '{"level":60,"logKey":"guess","msg":"all is lost"}'])
    expect(await relayed(`${forged}\n`)).toEqual([warning(forged)]);
});
