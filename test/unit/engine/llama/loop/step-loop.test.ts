import { afterEach, describe, expect, test } from "vitest";
import type { StepLoop } from "../../../../../services/engine/llama/loop/step-loop.ts";
import { FakeModel, startLoop, textOf } from "../../../../support/fake-loop.ts";

let loop: StepLoop | undefined;
afterEach(() => loop?.close());

function start(...[model, parts]: Parameters<typeof startLoop>) {
  const started = startLoop(model, parts);
  loop = started.loop;
  return started;
}

test("answers several prompts in the same steps", async () => {
  const model = new FakeModel(4);
  const { ask } = start(model);
  const answers = await Promise.all([ask([10, 11]).events, ask([20, 21]).events]);
  expect(answers.map((events) => textOf(events))).toEqual([" 12 13 14", " 22 23 24"]);
  expect(model.decoded.length).toBeLessThanOrEqual(4);
});

test("gives the readers what a step sampled when the next decode has begun", async () => {
  const model = new FakeModel(1);
  const seen: string[] = [];
  const { ask } = start(model, { threads: () => (seen.push("decode"), { decode: 1, prefill: 1 }) });
  const { request } = ask([10]);
  for await (const event of request.outbox) if (event.type === "text") seen.push(`read${event.text}`);
  expect(seen).toEqual(["decode", "decode", "read 11", "decode", "read 12", "read 13"]);
});

test("gives them to the readers before a decode that this thread computes", async () => {
  const model = new FakeModel(1);
  const seen: string[] = [];
  model.onDecode = () => (seen.push("decode"), 0);
  const { ask } = start(model, { placing: { choose: () => "here", observe() {} } });
  const { request } = ask([10]);
  for await (const event of request.outbox) if (event.type === "text") seen.push(`read${event.text}`);
  expect(seen).toEqual(["decode", "read 11", "decode", "read 12", "decode", "read 13"]);
  expect(model.decodedHere).toBe(3);
});

test("a sequence whose grammar's mask is not there yet sits out, and the others go on", async () => {
  const model = new FakeModel(2);
  let looks = 0;
  const { ask } = start(model, {
    sample: (sequence, from) => {
      if (sequence.request.job.prompt[0] !== 10 || sequence.generated !== 1) return model.sample(sequence, from);
      expect(from.deadline).toBeGreaterThan(0);
      if (++looks < 4) return "later";
      expect([sequence.heldLogits, from.row]).toEqual([new Float32Array(), undefined]);
      return 77;
    },
  });
  const [slow, quick] = [ask([10]), ask([20], { maxTokens: 6 })];
  expect(textOf(await slow.events)).toBe(" 11 77 78");
  expect(textOf(await quick.events)).toBe(" 21 22 23 24 25 26");
  // It took no row of the steps in which it had no token.
  expect(model.decoded.map((rows) => rows.length)).toEqual([2, 2, 1, 1, 1, 2]);
});

test("a sequence that waits for a mask alone is not waited for by decoding nothing", async () => {
  const model = new FakeModel(1);
  let looks = 0;
  let sampled: { readonly phase: string } | undefined;
  const { ask, memory } = start(model, {
    sample: (sequence, from) => {
      sampled = sequence;
      return sequence.generated === 1 && ++looks < 20 ? "later" : from.row === undefined ? 5 : 4;
    },
  });
  expect(textOf(await ask([10]).events)).toBe(" 4 5 4");
  expect([model.decoded.length, memory.busy]).toEqual([3, 0]);
  // Nobody waits for this one any more.
  looks = -Infinity;
  const { request } = ask([10]);
  while (sampled?.phase !== "mask") await new Promise(setImmediate);
  loop?.abandon(request);
  expect(textOf(await ask([20], { maxTokens: 1 }).events)).toBe(" 4");
});

describe("an error ends what it concerns", () => {
  test("sampling: one sequence, and the others go on", async () => {
    const model = new FakeModel(2);
    const { ask, memory } = start(model, {
      sample: (sequence, row) => {
        if (sequence.request.job.prompt[0] === 10 && sequence.generated === 1) throw new Error("no luck");
        return model.sample(sequence, row);
      },
    });
    const [unlucky, lucky] = [ask([10]), ask([20])];
    await expect(unlucky.events).rejects.toThrow("no luck");
    expect(textOf(await lucky.events)).toBe(" 21 22 23");
    expect(memory.busy).toBe(0);
  });

  test("beginning: one request, whose slot is free for the next", async () => {
    const chain = { free() {} };
    const { ask, memory } = start(new FakeModel(1), {
      chainFor: ({ job }) => {
        if (job.prompt[0] === 10) throw new Error("no chain");
        return chain as never;
      },
    });
    const [refused, next] = [ask([10]), ask([20])];
    await expect(refused.events).rejects.toThrow("no chain");
    expect(textOf(await next.events)).toBe(" 21 22 23");
    expect(memory.busy).toBe(0);
  });

  test.each([
    ["returns an error", () => -3],
    ["throws", () => Promise.reject(new Error("llama_decode failed with -3"))],
  ])("a decode that %s: the sequences of that step, and who waits is served", async (_, fail) => {
    const model = new FakeModel(2);
    model.onDecode = (rows) => (rows.some(({ token }) => token === 12) ? fail() : 0);
    const { ask, memory } = start(model);
    const both = [ask([10]), ask([110])];
    const waiting = ask([210]);
    for (const { events } of both) await expect(events).rejects.toThrow("llama_decode failed with -3");
    expect(textOf(await waiting.events)).toBe(" 211 212 213");
    expect([memory.busy, memory.slots.map(({ tokens }) => tokens.length)]).toEqual([0, [3, 0]]);
  });

  test("a listener: whatever runs, and the loop goes on", async () => {
    let broken = true;
    const { ask } = start(new FakeModel(1), {
      onStep: () => {
        if (broken) throw new Error("a bug");
      },
    });
    await expect(ask([10]).events).rejects.toThrow("a bug");
    broken = false;
    expect(textOf(await ask([20]).events)).toBe(" 21 22 23");
  });
});

describe("drafts", () => {
  const answer = " 11 12 13 14 15 16";

  test("are checked in one step, whatever is right in them", async () => {
    const model = new FakeModel(1);
    const draft = (sequences: readonly { next: number; draft: readonly number[] }[]) => {
      for (const sequence of sequences) sequence.draft = [sequence.next + 1, sequence.next + 2, 999];
    };
    const { ask } = start(model, { drafter: { draft, reset() {}, free: async () => {} } });
    expect(textOf(await ask([10], { maxTokens: 6 }).events)).toBe(answer);
    expect(model.decoded).toHaveLength(3);
  });

  test("that cannot be made are not made: the answer is the same, and a warning says why", async () => {
    let resets = 0;
    const drafter = {
      draft: () => Promise.reject(new Error("no room")),
      reset: () => void resets++,
      free: async () => {},
    };
    const { ask, warnings } = start(new FakeModel(1), { drafter });
    expect(textOf(await ask([10], { maxTokens: 6 }).events)).toBe(answer);
    expect(warnings[0]).toContain("no room");
    expect(resets).toBe(warnings.length);
  });
});

test("a shared cache that is full empties idle slots, then ends the largest request", async () => {
  const model = new FakeModel(3);
  const { ask } = start(model);
  await ask([10]).events;
  // As long as a slot that does not run holds anything.
  model.onDecode = (rows) => {
    const running = new Set(rows.map(({ sequence }) => sequence));
    return model.held.some((held, id) => held.length > 0 && !running.has(id)) ? 1 : 0;
  };
  const [small, large] = [ask([20]), ask([30, 31, 32])];
  expect(textOf(await small.events)).toBe(" 21 22 23");
  expect(textOf(await large.events)).toBe(" 33 34 35");
  model.onDecode = (rows) => (rows.length > 1 ? 1 : 0);
  const [short, long] = [ask([40]), ask([50, 51, 52])];
  await expect(long.events).rejects.toThrow("is full");
  expect(textOf(await short.events)).toBe(" 41 42 43");
});

describe("a prompt that waits for the cache", () => {
  function gatedCache() {
    const gate = Promise.withResolvers<void>();
    const swapped: number[] = [];
    const stats = { hits: 0, misses: 0, bytes: 0 };
    const plan = (slot: { id: number }, prompt: Int32Array) =>
      prompt[0] === 10 ? { fetch: () => gate.promise, swap: async () => void swapped.push(slot.id) } : undefined;
    return { gate, swapped, cache: { plan, stats } };
  }

  test("does not hold up those that run", async () => {
    const { gate, swapped, cache } = gatedCache();
    const { ask } = start(new FakeModel(2), { cache });
    const [waiting, running] = [ask([10]), ask([20])];
    expect(textOf(await running.events)).toBe(" 21 22 23");
    expect(swapped).toEqual([]);
    gate.resolve();
    expect(textOf(await waiting.events)).toBe(" 11 12 13");
    expect(swapped).toEqual([0]);
  });

  test("and is left meanwhile gives its slot back", async () => {
    const { gate, cache } = gatedCache();
    const { ask, memory } = start(new FakeModel(1), { cache });
    const { request, events } = ask([10]);
    const next = ask([20]);
    request.outbox.fail(new Error("left"));
    loop?.abandon(request);
    gate.resolve();
    await expect(events).rejects.toThrow("left");
    expect(textOf(await next.events)).toBe(" 21 22 23");
    expect(memory.busy).toBe(0);
  });

  test("is told when the model is unloaded meanwhile, and closing waits for the disk", async () => {
    const { gate, cache } = gatedCache();
    const { ask } = start(new FakeModel(1), { cache });
    const { events } = ask([10]);
    await new Promise(setImmediate);
    let isClosed = false;
    const closing = loop?.close().then(() => {
      isClosed = true;
    });
    await new Promise(setImmediate);
    expect(isClosed).toBe(false);
    gate.resolve();
    await expect(events).rejects.toThrow("being unloaded");
    await closing;
  });
});

test("closing ends what runs and what waits", async () => {
  const model = new FakeModel(1);
  const { ask } = start(model);
  const [running, waiting] = [ask([10], { maxTokens: 900 }), ask([20])];
  const ends = Promise.allSettled([running.events, waiting.events]);
  await new Promise(setImmediate);
  await loop?.close();
  for (const end of await ends) expect(end).toMatchObject({ status: "rejected" });
  expect(() => ask([30])).toThrow("being unloaded");
});

test("a reader who is behind holds back only itself", async () => {
  const model = new FakeModel(2);
  const { ask, loop: running } = start(model);
  const { request } = ask([10], { maxTokens: 900 });
  const reader = request.outbox[Symbol.asyncIterator]();
  await reader.next();
  const other = await ask([20], { maxTokens: 900 }).events;
  expect(other.at(-1)).toMatchObject({ type: "finished", completionTokens: 900 });
  expect(running.stats().busySlots).toBe(1);
  expect(request.outbox.size).toBeLessThan(1100);
  let last;
  for (let next = await reader.next(); next.done !== true; next = await reader.next()) last = next.value;
  expect(last).toMatchObject({ type: "finished", completionTokens: 900 });
});
