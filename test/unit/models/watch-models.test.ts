import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ModelSchema, type Model } from "../../../proto/gen/tokenwire/v1/models_pb.ts";
import type { ModelChange, ModelSource } from "../../../services/models/model-source.ts";
import { watchModels } from "../../../services/models/watch-models.ts";

/** Two models whose progress the test sets. */
function createSource() {
  const listeners = new Set<(id: string, what: ModelChange) => void>();
  const models = new Map<string, Model>(["a", "b"].map((id) => [id, create(ModelSchema, { id })]));
  return {
    models: () => [...models.values()],
    onChange(listener: (id: string, what: ModelChange) => void) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set(id: string, loadProgress: number) {
      models.set(id, create(ModelSchema, { id, loadProgress }));
      for (const listener of listeners) listener(id, "any");
    },
    watchers: () => listeners.size,
  } satisfies ModelSource & Record<string, unknown>;
}

const next = async (watch: AsyncIterator<Model, void>) => {
  const { value } = await watch.next();
  return [value?.id, Math.round((value?.loadProgress ?? 0) * 10)];
};

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

test("tells all models, then the first change at once and later ones with their last state", async () => {
  const source = createSource();
  const watch = watchModels(source, new AbortController().signal);
  expect([await next(watch), await next(watch)]).toEqual([
    ["a", 0],
    ["b", 0],
  ]);
  const first = next(watch);
  source.set("b", 0.1);
  expect(await first).toEqual(["b", 1]);
  const second = next(watch);
  source.set("a", 0.2);
  source.set("a", 0.3);
  await vi.advanceTimersByTimeAsync(100);
  expect(await second).toEqual(["a", 3]);
  await watch.return();
});

test("stops listening when its reader breaks off", async () => {
  const source = createSource();
  for await (const _ of watchModels(source, new AbortController().signal)) break;
  expect(source.watchers()).toBe(0);
});

test.each([0, 1])("ends with the signal's reason, aborted while it waits for a change (%i) or for its time", async (changes) => {
  const source = createSource();
  const controller = new AbortController();
  const watch = watchModels(source, controller.signal);
  await next(watch);
  await next(watch);
  let waiting = watch.next();
  if (changes > 0) {
    source.set("a", 0.5);
    await waiting;
    waiting = watch.next();
  }
  controller.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  expect(source.watchers()).toBe(0);
});

test("opens nothing for a signal that is aborted already", async () => {
  const source = createSource();
  const watch = watchModels(source, AbortSignal.abort(new Error("late")));
  await expect(watch.next()).rejects.toThrow("late");
  expect(source.watchers()).toBe(0);
});
