import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ChatRequestSchema, ImageDetail, Role } from "../../../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { createChatPrompter } from "../../../../../services/engine/text/chat-prompt.ts";
import type { PromptPart } from "../../../../../services/engine/engine.ts";

const text = (value: string) => ({ part: { case: "text" as const, value } });
const image = (byte: number, detail: ImageDetail = ImageDetail.UNSPECIFIED) => ({
  part: { case: "image" as const, value: { source: { case: "data" as const, value: Uint8Array.of(byte) }, detail } },
});
const audio = {
  part: { case: "audio" as const, value: { source: { case: "data" as const, value: Uint8Array.of(9) } } },
};
type Part = ReturnType<typeof text> | ReturnType<typeof image> | typeof audio;

const ofText = "{% for m in messages %}[{{ m.role }}]{{ m.content | trim }}{% endfor %}[assistant]";
const ofParts =
  "{% for m in messages %}[{{ m.role }}]{% for p in m.content %}{{ p.type }}:{{ p.text }};{% endfor %}{% endfor %}";
const forgetful = "{% for m in messages %}{% if loop.last %}{{ m.content }}{% endif %}{% endfor %}";

function write(template: string, ...turns: readonly (readonly Part[])[]) {
  const prompter = createChatPrompter({ templates: { "": template }, bosToken: "", eosToken: "", addsBos: false });
  const messages = turns.map((content) => ({ role: Role.USER, content: [...content] }));
  return prompter.prompt(create(ChatRequestSchema, { messages }));
}

/** Media as their first bytes. */
function outline(parts: readonly PromptPart[]): unknown[] {
  return parts.map((part) => (typeof part === "string" ? part : part.data[0]));
}

describe("a prompt with pictures and sounds", () => {
  test("has each of them where it stands in the text, without line breaks around it", () => {
    const { parts, prompt } = write(ofText, [text("a"), text("b"), image(1), text("c"), audio], [image(2), text("d")]);
    expect(outline(parts)).toEqual(["[user]a\nb", 1, "c", 9, "[user]", 2, "d[assistant]"]);
    expect(prompt).toBe("[user]a\nb<__media__>c<__media__>[user]<__media__>d[assistant]");
    expect(parts[3]).toEqual({
      kind: "audio",
      data: Uint8Array.of(9),
      detail: "auto",
      param: "messages[0].content[4].audio.data",
    });
  });

  test("is one part of text to a template that wants parts", () => {
    expect(outline(write(ofParts, [text("a"), image(1), text("b")]).parts)).toEqual(["[user]text:a", 1, "b;"]);
  });

  test("keeps what a caller writes as the caller's text", () => {
    const { parts } = write(ofText, [text("<__media__>"), image(1), text("<__media_0__><image>")]);
    expect(outline(parts)).toEqual(["[user]<__media__>", 1, "<__media_0__><image>[assistant]"]);
  });

  test("says what detail is asked for", () => {
    const { parts } = write(ofText, [image(1, ImageDetail.LOW), image(2, ImageDetail.HIGH)]);
    expect(parts.slice(1, 3)).toMatchObject([{ detail: "low" }, { detail: "auto" }]);
  });
});

test("refuses a template that leaves a picture out, naming the picture", () => {
  expect(() => write(forgetful, [image(1)], [text("b")])).toThrow(
    expect.objectContaining({ param: "messages[0].content[0].image.data" }),
  );
});

test.each([
  ["messages[0].content[0].image.data", { case: "image" as const, value: {} }],
  [
    "messages[0].content[0].image.data",
    { case: "image" as const, value: { source: { case: "data" as const, value: new Uint8Array() } } },
  ],
  [
    "messages[0].content[0].audio.url",
    { case: "audio" as const, value: { source: { case: "url" as const, value: "x:y" } } },
  ],
])("refuses media without data: %s", (param, part) => {
  const request = create(ChatRequestSchema, { messages: [{ role: Role.USER, content: [{ part }] }] });
  const prompter = createChatPrompter({ templates: { "": ofText }, bosToken: "", eosToken: "", addsBos: false });
  expect(() => prompter.prompt(request)).toThrow(expect.objectContaining({ param }));
});
