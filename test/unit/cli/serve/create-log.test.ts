import { stripVTControlCharacters } from "node:util";
import { expect, test } from "vitest";
import { createLog } from "../../../../cli/serve/create-log.ts";
import { StatusLine } from "../../../../cli/serve/status-line.ts";

function textLog() {
  const written: string[] = [];
  const line = new StatusLine({ isTTY: true, write: (text) => written.push(text) });
  const log = createLog({ level: "info", format: "text", line });
  return { log, lines: () => stripVTControlCharacters(written.join("")).trimEnd().split("\n") };
}

test("an event is one line, whatever fields it has", () => {
  const { log, lines } = textLog();
  log.info({ model: "a", route: "/v1/models" }, "GET /v1/models 200");
  log.info({ model: "a", tookMs: 5, measured: { RAM: 1 } }, 'model "a" loaded');
  expect(lines()).toEqual([
    expect.stringMatching(/^\[\d\d:\d\d:\d\d\] INFO: GET \/v1\/models 200$/),
    expect.stringMatching(/INFO: model "a" loaded$/),
  ]);
});

test("says whose worker spoke", () => {
  const { log, lines } = textLog();
  log.child({ model: "a" }).warn("prompt cache: off");
  expect(lines()).toEqual([expect.stringMatching(/WARN: model "a": prompt cache: off$/)]);
});

test("an error keeps its stack and the request's id", () => {
  const { log, lines } = textLog();
  log.child({ requestId: "req_1" }).error({ err: new Error("oops") }, "a request failed");
  expect(lines()[0]).toMatch(/ERROR: a request failed \(req_1\)$/);
  expect(lines().join("\n")).toMatch(/Error: oops\n\s+at /);
});
