import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createChatPrompter } from "../../../../services/engine/text/chat-prompt.ts";
import { chatRequest, cutText, goldenChats, parseAnswer, tinyGuideTemplate } from "./support.ts";

let calls = 0;
const prompter = createChatPrompter({
  templates: { "": tinyGuideTemplate },
  bosToken: "<|endoftext|>",
  eosToken: "<|im_end|>",
  addsBos: false,
  newCallId: () => `call_${calls++}`,
});

test("needs no warning for tiny-guide", () => {
  expect(prompter.warning).toBeUndefined();
  expect(goldenChats.length).toBeGreaterThan(60);
});

describe.each(goldenChats.map((row, i) => ({ title: `${i + 1}: ${row.prompt.slice(-70, -23)}`, row })))(
  "$title",
  ({ row }) => {
    const chat = prompter.prompt(chatRequest(row.request));

    test("writes the prompt that the model was asked with", () => {
      expect(chat.prompt).toBe(row.prompt);
    });

    test("reads the message out of the raw text, however it is cut", () => {
      const expected = {
        text: row.answer,
        reasoning: row.reasoning ?? "",
        calls: (row.tool_calls ?? []).map(({ name, arguments: json }) => ({ name, arguments: json })),
      };
      const parse = (pieces: readonly string[]) => {
        const answer = parseAnswer(chat.createParser(), pieces);
        return { ...answer, calls: answer.calls.map((call) => ({ name: call.name, arguments: call.arguments })) };
      };
      expect(parse([row.raw])).toEqual(expected);
      expect(parse(Array.from(row.raw))).toEqual(expected);
      fc.assert(
        fc.property(fc.array(fc.nat(), { maxLength: 20 }), (places) => {
          expect(parse(cutText(row.raw, places))).toEqual(expected);
        }),
        { numRuns: 30 },
      );
    });
  },
);
