import { expect, test } from "vitest";
import { ErrorReason } from "../../../clients/errors.ts";
import { Quarantine } from "../../../services/inference/quarantine.ts";

const uncalled = (): string => {
  throw new Error("no digest is needed");
};
const quarantined = expect.objectContaining({ reason: ErrorReason.QUARANTINED, retryAfterMs: 120_000 }) as Error;

test("costs no digest while no worker has died lately", () => {
  const quarantine = new Quarantine();
  quarantine.check(uncalled, 0);
  quarantine.answered(uncalled);
  quarantine.lost("a", {}, 0);
  expect(() => quarantine.check(uncalled, 119_999)).toThrow("no digest");
  quarantine.check(uncalled, 120_000);
});

test("refuses a request that was in two workers that died, for two minutes, and no other", () => {
  const quarantine = new Quarantine();
  quarantine.lost("a", {}, 0);
  quarantine.check(() => "a", 1);
  quarantine.lost("a", {}, 1000);
  expect(() => quarantine.check(() => "a", 1000)).toThrow(quarantined);
  quarantine.check(() => "b", 1000);
  quarantine.check(() => "a", 121_000);
});

test("counts one worker once, however many calls of the request it took along", () => {
  const quarantine = new Quarantine();
  const worker = {};
  for (let i = 0; i < 4; i++) quarantine.lost("a", worker, 0);
  quarantine.check(() => "a", 0);
});

test("forgets a request's losses when it is answered", () => {
  const quarantine = new Quarantine();
  quarantine.lost("a", {}, 0);
  quarantine.answered(() => "a");
  quarantine.lost("a", {}, 0);
  quarantine.check(() => "a", 0);
});

test("remembers a bounded number of requests, the latest", () => {
  const quarantine = new Quarantine();
  for (let i = 0; i <= 1000; i++) for (const worker of [{}, {}]) quarantine.lost(String(i), worker, 0);
  quarantine.check(() => "0", 0);
  expect(() => quarantine.check(() => "1000", 0)).toThrow(quarantined);
});
