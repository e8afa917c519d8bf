import { expect, test } from "vitest";
import { AnswerReader, textOf } from "../../../bench/load/read-answer.ts";

const at = { flow: 0, label: "", sentAt: 0, endAt: 9 };

/** Reads pieces that come at 1, 2, 3 … */
function read(pieces: readonly string[]) {
  let now = 0;
  const reader = new AnswerReader(() => ++now, { whole: true });
  for (const piece of pieces) reader.push(Buffer.from(piece));
  return reader;
}

const role = 'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n';
const word = (text: string): string => `data: {"choices":[{"delta":{"content":"${text}"}}]}\n\n`;
const end =
  'data: {"usage":{"prompt_tokens":7,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":5}}}\n\ndata: [DONE]\n\n';

test("the first token is the first event that says something, not the role alone", () => {
  const answer = read([role, word("a"), word("b"), end]).answer(at);
  expect(answer.firstAt).toBe(2);
  expect(answer).toMatchObject({ promptTokens: 7, cachedTokens: 5, completionTokens: 3 });
  expect([...answer.eventsAt]).toEqual([1, 2, 3]);
});

test("an event that comes in pieces is there when its last byte is", () => {
  const [head, tail] = [word("a").slice(0, -1), word("a").slice(-1)];
  expect([...read([head, tail, end]).answer(at).eventsAt]).toEqual([2, 3, 3]);
});

test("a stream that breaks off is an error", () => {
  expect(() => read([word("a")]).answer(at)).toThrow("a stream that does not end");
});

test("an answer in one piece is there at its end, and its text is read from both forms", () => {
  const body = '{"choices":[{"message":{"content":"hi"}}],"usage":{"prompt_tokens":1,"completion_tokens":1}}';
  const reader = read([body]);
  expect(reader.answer(at)).toMatchObject({ firstAt: 9, completionTokens: 1 });
  expect(textOf(reader.body)).toBe("hi");
  expect(textOf(read([role, word("a"), word("b"), end]).body)).toBe("ab");
});
