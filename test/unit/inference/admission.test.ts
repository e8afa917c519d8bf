import { expect, test } from "vitest";
import { Admission, type ModelKeeper } from "../../../services/inference/admission.ts";
import { Scheduler } from "../../../services/scheduler/scheduler.ts";

const keeper: ModelKeeper = { load() {}, proceed() {}, reject() {}, unload() {} };

test("a caller who has left when its worker is lost does not wait for another turn, and its place is free", async () => {
  const scheduler = new Scheduler({ models: [{ id: "a", maxQueue: 4 }], maxQueue: 4, auxiliaryPlaces: 1 });
  scheduler.onModelReady("a", { slots: 1 }, 0);
  const admission = new Admission(scheduler, keeper);
  const request = { model: "a", lane: "generate", places: 1, deadline: undefined } as const;
  const leaving = new AbortController();
  {
    using lease = await admission.admit(request, leaving.signal);
    scheduler.onModelDown("a", { kind: "restarting" }, 1);
    leaving.abort(new Error("left"));
    await expect(lease.again(leaving.signal)).rejects.toThrow("left");
  }
  expect(admission.counts("a")).toMatchObject({ running: 0, waiting: 0 });
});
