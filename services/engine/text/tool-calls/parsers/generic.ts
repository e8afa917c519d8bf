import { usualSpacing } from "../derived/call-form.ts";
import { bareOpening, readBareJson } from "./bare-json.ts";
import type { ToolParser } from "./tool-parser.ts";
import { createChatParser } from "../../stream/chat-parser.ts";

/** For models whose template knows no tools: what tool-prompt.ts asks of them, `{"name": …, "arguments": …}`. */
export const generic: ToolParser = {
  name: "generic",
  keepSpecial: false,
  createParser: (options) => createChatParser((stream) => readBareJson(stream, options), options.newCallId),
  syntax: {
    prefix: "",
    separator: "\n",
    suffix: "",
    call: (name) => ({ before: [`{"name": ${JSON.stringify(name)}, "arguments": `], after: ["}"] }),
    spacing: usualSpacing,
    opening: bareOpening(),
    written: "freely",
  },
};
