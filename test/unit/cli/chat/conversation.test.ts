import { expect, test } from "vitest";
import { createAnswerWriter } from "../../../../cli/chat/answer-writer.ts";
import { Conversation } from "../../../../cli/chat/conversation.ts";
import { joinLines } from "../../../../cli/chat/join-lines.ts";
import { parseLine } from "../../../../cli/chat/parse-line.ts";
import { Role } from "../../../../proto/gen/tokenwire/v1/chat_pb.ts";

/** Role and text of each message. */
function shown(messages: ReturnType<Conversation["ask"]>): (readonly [string, string])[] {
  const names: Partial<Record<Role, string>> = { [Role.SYSTEM]: "system", [Role.USER]: "user" };
  return messages.map(({ role, content }) => {
    const part = content?.[0]?.part;
    return [names[role ?? 0] ?? "assistant", part?.case === "text" ? part.value : ""];
  });
}

test("a conversation is sent whole, the present system prompt first", () => {
  const talk = new Conversation("m", "Be brief.");
  talk.ask("1");
  talk.answer("one");
  talk.system = "Be kind.";
  expect(shown(talk.ask("2"))).toEqual([
    ["system", "Be kind."],
    ["user", "1"],
    ["assistant", "one"],
    ["user", "2"],
  ]);
});

test("a question without an answer is taken back, an answer that was stopped is kept", () => {
  const talk = new Conversation("m");
  talk.ask("lost");
  talk.answer("");
  talk.ask("1");
  talk.answer("on");
  expect(shown(talk.ask("2"))).toEqual([
    ["user", "1"],
    ["assistant", "on"],
    ["user", "2"],
  ]);
});

test("files go with the next message alone, and clear forgets them", () => {
  const talk = new Conversation("m");
  talk.attach({ path: "/a/n.txt", text: "note\n" });
  expect(shown(talk.ask("What?"))).toEqual([["user", "--- n.txt ---\nnote\n--- end of n.txt ---\n\nWhat?"]]);
  talk.attach({ path: "x", text: "x" });
  talk.clear();
  expect(shown(talk.ask("Hi"))).toEqual([["user", "Hi"]]);
});

test.each([
  ["", { kind: "nothing" }],
  ["  hi ", { kind: "say", text: "hi" }],
  ["//etc", { kind: "say", text: "/etc" }],
  ["/system Be kind", { kind: "system", text: "Be kind" }],
  ["/model", { kind: "model", text: "" }],
  ["/models", { kind: "models" }],
  ["/file 'a b.txt'", { kind: "file", path: "a b.txt" }],
  ["/file a\\ b.txt", { kind: "file", path: "a b.txt" }],
  ["/bye", { kind: "exit" }],
  ["/file", { kind: "mistake", message: "/file needs a path: /file notes.txt" }],
  ["/modle", { kind: "mistake", message: "/modle is not a command (did you mean /model?): /help lists them" }],
])("the line %j", (line, expected) => {
  expect(parseLine(line)).toEqual(expected);
});

test("three quotes hold several lines together, also when the input ends", async () => {
  const lines = ["a", '"""b', "", 'c"""', '"""d"""', '"""', "e"];
  const opened: boolean[] = [];
  const input = (async function* () {
    yield* lines;
  })();
  expect(await Array.fromAsync(joinLines(input, (open) => opened.push(open)))).toEqual(["a", "b\n\nc", "d", "e"]);
  expect(opened).toEqual([true, true, true, true]);
});

test("reasoning is dimmed on a terminal, and what would steer it is left out", () => {
  let written = "";
  const output = { write: (text: string) => (written += text) };
  const writer = createAnswerWriter(output, { terminal: true, color: true });
  writer.reasoning("Hm");
  writer.text("Yes\x1b]0;title\x07.");
  writer.end();
  expect(written).toBe("\x1b[2mHm\x1b[22m\n\nYes]0;title.\n");
});

test("off a terminal there is the answer alone, as it is", () => {
  let written = "";
  const output = { write: (text: string) => (written += text) };
  const writer = createAnswerWriter(output, { terminal: false, color: false });
  writer.reasoning("Hm");
  writer.text("Yes\t\x1b[1m");
  writer.end();
  expect(written).toBe("Yes\t\x1b[1m\n");
});
