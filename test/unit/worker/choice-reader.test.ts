import { expect, test } from "vitest";
import { ChoiceReader } from "../../../services/worker/handlers/choice-reader.ts";
import { hermes } from "../engine/text/call-forms.ts";

const tool = { name: "time", description: "", parameters: undefined };

function read(pieces: readonly string[], maxCalls = Infinity) {
  const reasoning = { start: "<think>", end: "</think>" };
  let ids = 0;
  const newCallId = () => `call_${++ids}`;
  const parser = hermes.createParser({ tools: [tool], reasoning, reasoningOpen: false, newCallId });
  const reader = new ChoiceReader(parser, maxCalls);
  const deltas = pieces.flatMap((text, i) =>
    reader.read({ type: "text", choice: 0, text, completionTokens: i + 1, logprobs: [] }),
  );
  return { reader, deltas: [...deltas, ...reader.end(pieces.length)] };
}

test("counts the tokens of the reasoning, its marks included", () => {
  const { reader, deltas } = read(["<think>", "hm", "m", "</think>", "Yes", "."]);
  expect(reader.reasoningTokens).toBe(4);
  expect(deltas.map((delta) => delta.case)).toContain("reasoning");
});

test("counts reasoning that never ends whole", () => {
  expect(read(["<think>", "a", "b"]).reader.reasoningTokens).toBe(3);
});

test("gives no more calls than are allowed", () => {
  const call = '<tool_call>\n{"name": "time", "arguments": {}}\n</tool_call>';
  const ids = (deltas: ReturnType<typeof read>["deltas"]) =>
    deltas.flatMap((delta) => (delta.case === "toolCall" && delta.value.id !== "" ? [delta.value.id] : []));
  expect(ids(read([call, "\n", call]).deltas)).toEqual(["call_1", "call_2"]);
  expect(ids(read([call, "\n", call], 1).deltas)).toEqual(["call_1"]);
});
