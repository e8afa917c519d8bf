import { expect, test } from "vitest";
import { parseTokenizerConfig } from "../../../../../services/engine/text/template/tokenizer-config.ts";

test.each([
  [
    { chat_template: "a", bos_token: "<s>", eos_token: { content: "</s>", lstrip: false } },
    { templates: { "": "a" }, bosToken: "<s>", eosToken: "</s>" },
  ],
  [
    {
      chat_template: [{ name: "default", template: "a" }, { name: "tool_use", template: "b" }, { name: 1 }],
      bos_token: null,
    },
    { templates: { "": "a", tool_use: "b" }, bosToken: undefined, eosToken: undefined },
  ],
])("%j", (config, parsed) => {
  expect(parseTokenizerConfig(JSON.stringify(config))).toEqual(parsed);
});

test("the template in a file of its own goes first", () => {
  expect(parseTokenizerConfig('{"chat_template": "a"}', "b").templates).toEqual({ "": "b" });
});

test.each([
  ["{", /^is not JSON: /],
  ["[]", /^is not a JSON object$/],
  ["{}", /^has no chat_template$/],
  ['{"chat_template": [{"name": "tool_use", "template": "b"}]}', /^has no chat_template$/],
])("%j is refused", (text, message) => {
  expect(() => parseTokenizerConfig(text)).toThrow(message);
});
