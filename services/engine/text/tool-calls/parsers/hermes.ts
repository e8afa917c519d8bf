import type { ChatTool } from "../../chat-messages.ts";
import type { AnswerStream, Reading } from "../../stream/answer-stream.ts";
import type { ToolParser } from "./tool-parser.ts";
import { createChatParser } from "../../stream/chat-parser.ts";
import { markedBy } from "../opening.ts";
import { readCallObjects, readMarkedCalls } from "../read/read-calls.ts";
import { skip, skipSpace } from "../../stream/read-text.ts";
import { readXmlCall } from "../read/read-xml-call.ts";

/** Hermes, Qwen and many after them: `<tool_call>\n{"name": …, "arguments": …}\n</tool_call>`, or XML in the tags. */
export const hermes: ToolParser = {
  name: "hermes",
  keepSpecial: true,
  createParser: (options) =>
    createChatParser(
      (stream) =>
        readMarkedCalls(stream, options, ["<tool_call>"], (_, { from }) => readBlock(stream, from, options.tools)),
      options.newCallId,
    ),
  syntax: {
    prefix: "",
    separator: "\n",
    suffix: "",
    call: (name) => ({
      before: `<tool_call>\n{"name": ${JSON.stringify(name)}, "arguments": `,
      after: "}\n</tool_call>",
    }),
    opening: markedBy("<tool_call>"),
  },
};

function* readBlock(stream: AnswerStream, from: number, tools: readonly ChatTool[]): Reading<void> {
  yield* skipSpace(stream);
  if (!(yield* skip(stream, "<function="))) return yield* readCallObjects(stream, from, "</tool_call>");
  if (!(yield* readXmlCall(stream, tools))) return stream.emitText(from, stream.at);
  yield* skipSpace(stream);
  yield* skip(stream, "</tool_call>");
  yield* skipSpace(stream);
}
