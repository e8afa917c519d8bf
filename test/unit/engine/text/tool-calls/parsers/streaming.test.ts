import { expect, test } from "vitest";
import type { TokenLogprob } from "../../../../../../services/engine/engine.ts";
import type { ChatParser } from "../../../../../../services/engine/text/stream/chat-parser.ts";
import { generic } from "../../../../../../services/engine/text/tool-calls/parsers/generic.ts";
import { hermes } from "../../call-forms.ts";

const tools = [{ name: "f", description: "", parameters: undefined }];
const think = { start: "<think>", end: "</think>" };

function createParser(toolParser = hermes, options: { tools?: typeof tools } = {}) {
  let calls = 0;
  const newCallId = () => `id-${calls++}`;
  return toolParser.createParser({ tools, reasoning: think, reasoningOpen: false, newCallId, ...options });
}

/** What each piece brings, shortly: text as it is, reasoning in brackets, calls with their index. */
function trace(parser: ChatParser, pieces: readonly string[]): string[] {
  return [...pieces.map((piece) => parser.push(piece)), parser.end()].map((events) =>
    events
      .map((event) => {
        if (event.type === "tool_call")
          return [event.index, event.name, event.arguments].filter((it) => it !== "").join(":");
        return event.type === "text" ? event.text : `(${event.text})`;
      })
      .join(" "),
  );
}

test("emits text at once, and holds back only what may begin a marker and the blanks before it", () => {
  expect(trace(createParser(), ["Hi", " there", " <", "b> ", "a", "\n<tool", "_box>", " x <tool_"])).toEqual([
    "Hi",
    " there",
    "",
    " <b>",
    " a",
    "",
    "\n<tool_box>",
    " x",
    " <tool_",
  ]);
});

test("begins a call as soon as its name is known, and streams its arguments", () => {
  const pieces = ["<tool_call>", '{"name', '": "f"', ', "arguments": ', '{"a', '": 1', "}}", "</tool_call>"];
  expect(trace(createParser(), pieces)).toEqual(["", "", "0:f", "", '0:{"a', '0:": 1', "0:}", "", ""]);
});

test("emits reasoning as it comes", () => {
  expect(trace(createParser(), ["<thi", "nk>\n", "So", ". </", "think>", "\n\n", "Hi"])).toEqual([
    "",
    "",
    "(So)",
    "(. )",
    "",
    "",
    "Hi",
    "",
  ]);
});

test("passes text through untouched when there are no tools", () => {
  expect(trace(createParser(hermes, { tools: [] }), ["a ", "\n<tool_call>"])).toEqual(["a ", "\n<tool_call>", ""]);
});

test("holds an object back only until it can be no call", () => {
  expect(trace(createParser(generic), ['{"name": "', "Bob", '", "age"', ": 3}"])).toEqual([
    "",
    "",
    '{"name": "Bob", "age"',
    ": 3}",
    "",
  ]);
});

test("says what the model is writing, and how many calls there are", () => {
  const parser = createParser();
  const sections = ["<think>a", "</think>b", '<tool_call>{"name": "f", ', '"arguments": {}}</tool_call>'].map(
    (piece) => {
      parser.push(piece);
      return parser.section;
    },
  );
  expect(sections).toEqual(["reasoning", "answer", "tool_call", "answer"]);
  expect(parser.calls).toBe(1);
});

function token(text: string): TokenLogprob {
  return { token: { id: 0, bytes: new TextEncoder().encode(text), logprob: -1 }, top: [] };
}

test("gives each token's log-probability with the text or the call it became, and none of a thought's marks", () => {
  const parser = createParser();
  const events = [
    "<think>",
    "\n",
    "é",
    "😀 so",
    "</think>",
    "\n\n",
    "Hi",
    " ",
    "<tool_call>",
    '{"name": "f"',
    ', "arguments": {',
    "}}",
  ]
    .flatMap((text) => parser.push(text, [token(text)]))
    .concat(parser.end());
  const seen = events.map((event) => [
    event.type,
    event.logprobs.map(({ token: { bytes } }) => new TextDecoder().decode(bytes)),
  ]);
  expect(seen).toEqual([
    ["reasoning", ["é"]],
    ["reasoning", ["😀 so"]],
    ["text", ["Hi"]],
    ["tool_call", [" ", "<tool_call>", '{"name": "f"']],
    ["tool_call", [', "arguments": {']],
    ["tool_call", ["}}"]],
  ]);
});

test("keeps the tokens of a character together, also where its first bytes come ahead of it", () => {
  const [first, second, third] = [Uint8Array.of(0x61, 0xf0, 0x9f), Uint8Array.of(0x98), Uint8Array.of(0x80)].map(
    (bytes): TokenLogprob => ({ token: { id: 0, bytes, logprob: -1 }, top: [] }),
  );
  if (first === undefined || second === undefined || third === undefined) throw new Error("unreachable");
  const together = createParser().push("a😀", [first, second, third]);
  expect(together).toEqual([{ type: "text", text: "a😀", logprobs: [first, second, third] }]);
  const parser = createParser();
  const events = [parser.push("a", [first]), parser.push("", [second]), parser.push("😀", [third])].flat();
  expect(events).toEqual([
    { type: "text", text: "a", logprobs: [first] },
    { type: "text", text: "😀", logprobs: [second, third] },
  ]);
});
