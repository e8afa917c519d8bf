import { bareOpening, readBareJson } from "./bare-json.ts";
import type { ToolParser } from "./tool-parser.ts";
import { createChatParser } from "../../stream/chat-parser.ts";

const markers = ["<|python_tag|>"];

/** Llama 3.1 to 3.3: the answer is `{"name": …, "parameters": …}`, sometimes behind `<|python_tag|>`. */
export const llama3: ToolParser = {
  name: "llama-3",
  keepSpecial: true,
  createParser: (options) => createChatParser((stream) => readBareJson(stream, options, markers), options.newCallId),
  syntax: {
    prefix: "",
    separator: "; ",
    suffix: "",
    call: (name) => ({ before: `{"name": ${JSON.stringify(name)}, "parameters": `, after: "}" }),
    maxCalls: 1,
    opening: bareOpening(markers),
    written: "freely",
  },
};
