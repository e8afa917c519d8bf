import { expect, test } from "vitest";
import { isHung } from "../../../services/supervisor/is-hung.ts";

/** Answers as listed, then as the last one; counts the questions. */
function answering(...answers: boolean[]) {
  const asked = { times: 0 };
  return { asked, ask: async () => answers[asked.times++] ?? answers.at(-1) ?? true };
}
const options = (signal = new AbortController().signal) => ({ everyMs: 1, misses: 2, signal });

test("a process is hung when it leaves several questions in a row without an answer", async () => {
  const { ask, asked } = answering(true, true, false);
  expect(await isHung(ask, options())).toBe(true);
  expect(asked.times).toBe(4);
});

test("one answer that is missing, as after a pause of our own, is forgiven", async () => {
  const { ask, asked } = answering(false, true, false, true, false, false);
  expect(await isHung(ask, options())).toBe(true);
  expect(asked.times).toBe(6);
});

test("a process that has ended is not hung, whenever it does", async () => {
  const controller = new AbortController();
  expect(await isHung(answering(false).ask, options(AbortSignal.abort()))).toBe(false);
  const pause = isHung(answering(false).ask, { ...options(controller.signal), everyMs: 60_000 });
  controller.abort();
  expect(await pause).toBe(false);
  const during = new AbortController();
  const ask = async () => {
    during.abort();
    return false;
  };
  expect(await isHung(ask, options(during.signal))).toBe(false);
});
