import type { MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import type { z } from "zod";
import { invalidParameter } from "../../../clients/errors.ts";
import { parseRequest } from "../../../shim/dialect/request/parse-request.ts";
import { ImageDetail, type MessageSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { withOwnParam as anthropicParam } from "../../../shim/anthropic/own-param.ts";
import { messageRequestSchema } from "../../../shim/anthropic/schema/message-request.ts";
import { messageToProto } from "../../../shim/anthropic/to-proto/chat.ts";
import { explain as llamaExplain } from "../../../shim/llama-server/explain.ts";
import { completionRequestSchema } from "../../../shim/llama-server/schema/completion-request.ts";
import { type MediaPrompt } from "../../../shim/llama-server/schema/prompts.ts";
import { partsToProto } from "../../../shim/llama-server/to-proto/media-prompt.ts";
import { explain as ollamaExplain } from "../../../shim/ollama/explain.ts";
import { chatRequestSchema as ollamaSchema } from "../../../shim/ollama/schema/chat-request.ts";
import { messagesToProto as ollamaToProto } from "../../../shim/ollama/to-proto/messages.ts";
import { withOwnParam as openAiParam } from "../../../shim/openai/own-param.ts";
import { chatRequestSchema } from "../../../shim/openai/schema/chat-request.ts";
import { chatToProto } from "../../../shim/openai/to-proto/chat.ts";
import { withOwnParam as responsesParam } from "../../../shim/responses/own-param.ts";
import { responseRequestSchema } from "../../../shim/responses/schema/response-request.ts";
import { itemsToTurns, type PlainItem } from "../../../shim/responses/to-proto/items.ts";

const png = "data:image/png;base64,AAAA";

function parse<S extends z.ZodObject>(schema: S, body: object): z.infer<S> {
  const { request, warnings } = parseRequest(schema, body);
  expect(warnings).toEqual([]);
  return request;
}

/** Each part as `text`, or its kind and URL, by message. */
function outline(messages: readonly MessageInitShape<typeof MessageSchema>[]): string[][] {
  return messages.map(({ content = [] }) =>
    content.map(({ part }) => {
      if (part?.case === "text") return part.value;
      const source = part?.value?.source;
      return `${part?.case} ${source?.case === "url" ? source.value : ""}`;
    }),
  );
}

/** What a refusal of the service's is called in the request. */
function named(explain: (error: unknown) => unknown, param: string): string | undefined {
  return (explain(invalidParameter(param, `${param} is broken`)) as { readonly param?: string }).param;
}

const wav = { type: "input_audio", input_audio: { data: "AAAA", format: "wav" } };

describe("Chat completions", () => {
  const body = {
    messages: [
      { role: "system", content: "Look." },
      {
        role: "user",
        content: [
          { type: "text", text: "What?" },
          { type: "image_url", image_url: { url: png, detail: "low" } },
          { type: "image_url", image_url: "https://example.com/a.png" },
          wav,
        ],
      },
      { role: "tool", tool_call_id: "1", content: [{ type: "image_url", image_url: { url: png } }] },
    ],
  };
  const request = parse(chatRequestSchema, body);

  test("have pictures and sounds among the parts of a message", () => {
    const { messages = [] } = chatToProto(request);
    expect(outline(messages)).toEqual([
      ["Look."],
      ["What?", `image ${png}`, "image https://example.com/a.png", "audio data:audio/wav;base64,AAAA"],
      [`image ${png}`],
    ]);
    expect(messages[1]?.content?.[1]?.part?.value).toMatchObject({ detail: ImageDetail.LOW });
  });

  test.each([
    ["messages[1].content[1].image.data", "messages[1].content[1].image_url.url"],
    ["messages[1].content[2].image.url", "messages[1].content[2].image_url"],
    ["messages[1].content[3].audio.url", "messages[1].content[3].input_audio.data"],
  ])("are told about %s as %s", (service, own) => {
    expect(named((error) => openAiParam(error, request), service)).toBe(own);
  });

  test.each([
    [{ type: "image_url", image_url: { url: png, detail: "huge" } }, "user"],
    [{ type: "input_audio", input_audio: { data: "AAAA", format: "ogg" } }, "user"],
    [{ type: "image_url", image_url: { url: png } }, "assistant"],
    [{ type: "video_url", video_url: { url: png } }, "user"],
    [{ type: "file", file: { file_id: "x" } }, "user"],
  ])("refuse %j of %s", (part, role) => {
    const wrong = { messages: [{ role, content: [part] }] };
    expect(() => parseRequest(chatRequestSchema, wrong)).toThrow(
      expect.objectContaining({ param: expect.stringContaining("messages[0].content") as string }),
    );
  });
});

describe("Messages", () => {
  const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } };
  const linked = { type: "image", source: { type: "url", url: "https://example.com/a.png" } };
  const request = parse(messageRequestSchema, {
    model: "m",
    max_tokens: 5,
    system: "Look.",
    messages: [
      { role: "user", content: [{ type: "text", text: "a" }, image, linked] },
      { role: "assistant", content: [{ type: "tool_use", id: "1", name: "see", input: {} }] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "1", content: [image, { type: "text", text: "b" }] },
          { type: "tool_result", tool_use_id: "2", content: [image], is_error: true },
          { type: "text", text: "c" },
        ],
      },
    ],
  });

  test("have images in what the user says and in results of tools", () => {
    expect(outline(messageToProto(request).messages ?? [])).toEqual([
      ["Look."],
      ["a", `image ${png}`, "image https://example.com/a.png"],
      [],
      [`image ${png}`, "b"],
      ["Error: ", `image ${png}`],
      ["c"],
    ]);
  });

  test.each([
    ["messages[1].content[1].image.data", "messages[0].content[1].source.data"],
    ["messages[1].content[2].image.url", "messages[0].content[2].source.url"],
    ["messages[3].content[0].image.data", "messages[2].content[0].content[0].source.data"],
    ["messages[4].content[1].image.data", "messages[2].content[1].content[0].source.data"],
    ["messages[0].content[0]", "system"],
  ])("are told about %s as %s", (service, own) => {
    expect(named((error) => anthropicParam(error, request), service)).toBe(own);
  });
});

describe("Responses", () => {
  const items = parse(responseRequestSchema, {
    input: [
      {
        role: "user",
        content: [{ type: "input_text", text: "a" }, { type: "input_image", image_url: png, detail: "high" }, wav],
      },
      { type: "function_call", call_id: "1", name: "see", arguments: "{}" },
      { type: "function_call_output", call_id: "1", output: [{ type: "input_image", image_url: png }] },
    ],
  }).input as PlainItem[];
  const turns = itemsToTurns(items.map((item, index) => ({ item, from: `input[${index}]` })));

  test("have images and audio in messages and outputs", () => {
    expect(outline(turns.map(({ message }) => message))).toEqual([
      ["a", `image ${png}`, "audio data:audio/wav;base64,AAAA"],
      [],
      [`image ${png}`],
    ]);
  });

  test.each([
    ["messages[0].content[1].image.data", "input[0].content[1].image_url"],
    ["messages[0].content[2].audio.url", "input[0].content[2].input_audio.data"],
    ["messages[2].content[0].image.url", "input[2].output[0].image_url"],
  ])("are told about %s as %s", (service, own) => {
    expect(named((error) => responsesParam(error, { tools: [] }, turns), service)).toBe(own);
  });

  test("refuse files that were uploaded elsewhere", () => {
    const body = { input: [{ role: "user", content: [{ type: "input_image", image_url: png, file_id: "file-1" }] }] };
    expect(() => parseRequest(responseRequestSchema, body)).toThrow("files are not kept here");
  });
});

test("Ollama's images stand before their message's text", () => {
  const { messages } = parse(ollamaSchema, {
    model: "m",
    messages: [{ role: "user", content: "What?", images: ["AAAA", "BBBB"] }],
  });
  expect(outline(ollamaToProto(messages ?? []))).toEqual([
    ["image data:;base64,AAAA", "image data:;base64,BBBB", "What?"],
  ]);
  expect(named(ollamaExplain, "messages[0].content[1].image.url")).toBe("messages[0].images[1]");
  expect(named(ollamaExplain, "prompt.parts[1].image.url")).toBe("images[1]");
});

describe("llama-server's prompts", () => {
  const mp3 = Buffer.from("ID3").toString("base64");
  const prompt = { prompt_string: "a<__media__>b<__media__>", multimodal_data: ["AAAA", mp3] };

  test("have a marker for each of their files", () => {
    const request = parse(completionRequestSchema, { prompt });
    expect(outline([{ content: partsToProto(request.prompt as MediaPrompt) }])).toEqual([
      ["a", "image data:;base64,AAAA", "b", `audio data:;base64,${mp3}`],
    ]);
    const explain = (error: unknown) => llamaExplain(error, request);
    expect(named(explain, "prompt.parts[3].audio.data")).toBe("prompt.multimodal_data[1]");
    expect(named((error) => llamaExplain(error, { prompt: [prompt, prompt] }), "prompt.parts[1].image.url")).toBe(
      "prompt",
    );
  });

  test("are refused with more files than markers, or fewer", () => {
    expect(() => partsToProto({ ...prompt, multimodal_data: ["AAAA"] })).toThrow("has 1 files, and prompt_string 2");
    expect(() => parseRequest(completionRequestSchema, { prompt: { multimodal_data: ["AAAA"] } })).toThrow(
      "prompt_string",
    );
  });
});
