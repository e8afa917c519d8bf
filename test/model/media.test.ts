import Anthropic from "@anthropic-ai/sdk";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ollama } from "ollama";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { audioPart, createTrpcClient, imagePart, toDataUrl } from "../../clients/index.ts";
import { Role } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import { provideLibrary } from "../../services/engine/llama/multimodal/library/build-library.ts";
import { dataUrl, mediaFile } from "../support/media/media-file.ts";
import { writePng } from "../support/media/write-png.ts";
import { media, writeModelFiles } from "../support/multimodal-cases.ts";
import { tinyGuidePath } from "../support/tiny-guide.ts";
import { startTokenwire, type Tokenwire } from "../support/tokenwire.ts";

const buildMs = 300_000;

let tokenwire: Tokenwire;
let openai: OpenAI;
beforeAll(async () => {
  await provideLibrary({ info() {} });
  const config = join(mkdtempSync(join(tmpdir(), "tw-media-")), "config.json");
  const shared = { n_ctx: 2048, n_threads: 1 };
  const models = [
    { ...shared, ...writeModelFiles("llava"), model_alias: "eye" },
    { ...shared, ...writeModelFiles("qwen2a"), model_alias: "ear" },
    { ...shared, model: tinyGuidePath, model_alias: "guide" },
  ];
  writeFileSync(config, JSON.stringify({ models }));
  tokenwire = await startTokenwire({ args: ["--config_file", config] });
  openai = new OpenAI({ baseURL: `${tokenwire.url}/v1`, apiKey: "none", maxRetries: 0 });
}, buildMs);
afterAll(() => tokenwire[Symbol.asyncDispose]());

const red = `data:image/png;base64,${media.red.toString("base64")}`;
const tone = media.tone.toString("base64");
const limits = { temperature: 0, max_tokens: 12 } as const;

type Content = OpenAI.ChatCompletionContentPart[];
const asking = (model: string, content: Content) => ({
  model,
  ...limits,
  messages: [{ role: "user" as const, content }],
});
const look = (url: string, detail?: "low"): Content => [
  { type: "text", text: "Tell me about " },
  { type: "image_url", image_url: { url, ...(detail && { detail }) } },
];

/** How a chat about one picture is answered, whichever way it is asked. */
async function answerTo(model: string, content: Content) {
  const { choices, usage } = await openai.chat.completions.create(asking(model, content));
  return { text: choices[0]?.message.content ?? "", tokens: usage?.prompt_tokens ?? 0, usage };
}

describe("a model that sees", () => {
  test("answers about a picture, streamed or not, and finds it again in the next turn", async () => {
    const first = await answerTo("eye", look(red));
    expect(first.text).not.toBe("");
    expect(first.tokens).toBeGreaterThan(
      (await answerTo("eye", [{ type: "text", text: "Tell me about " }])).tokens + 4,
    );
    const stream = await openai.chat.completions.create({ ...asking("eye", look(red)), stream: true });
    const pieces = await Array.fromAsync(stream, ({ choices }) => choices[0]?.delta.content ?? "");
    expect(pieces.join("")).toBe(first.text);
    const again = await answerTo("eye", look(red));
    expect(again.usage?.prompt_tokens_details?.cached_tokens).toBeGreaterThan(first.tokens - 5);
    expect((await answerTo("eye", look(dataUrl("halves.png")))).text).toBeTypeOf("string");
  });

  test.each([
    "halves.png",
    "halves.jpg",
    "progressive.jpg",
    "halves.gif",
    "two-frames.gif",
    "halves.bmp",
    "halves.webp",
    "lossy.webp",
  ])("takes %s", async (name) => {
    expect((await answerTo("eye", look(dataUrl(name, "image/png")))).text).toBeTypeOf("string");
  });

  test("sees the same in each dialect", async () => {
    const openAiText = (await answerTo("eye", [look(red)[1] as Content[number], { type: "text", text: "Hm?" }])).text;
    const base64 = media.red.toString("base64");

    const ollama = new Ollama({ host: tokenwire.url });
    const options = { temperature: 0, num_predict: 12 };
    const message = { role: "user", content: "Hm?", images: [base64] };
    expect((await ollama.chat({ model: "eye", messages: [message], options })).message.content).toBe(openAiText);
    expect((await ollama.generate({ model: "eye", prompt: "Hm?", images: [base64], options })).response).toBe(
      openAiText,
    );
    expect((await ollama.show({ model: "eye" })).capabilities).toContain("vision");

    const anthropic = new Anthropic({ baseURL: tokenwire.url, apiKey: "none", maxRetries: 0 });
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: base64 } } as const;
    const answer = await anthropic.messages.create({
      model: "eye",
      ...limits,
      messages: [{ role: "user", content: [image, { type: "text", text: "Hm?" }] }],
    });
    expect(answer.content).toMatchObject([{ type: "text", text: openAiText }]);
    const counted = await anthropic.messages.countTokens({
      model: "eye",
      messages: [{ role: "user", content: [image, { type: "text", text: "Hm?" }] }],
    });
    expect(counted.input_tokens).toBe(answer.usage.input_tokens + (answer.usage.cache_read_input_tokens ?? 0));

    const response = await openai.responses.create({
      model: "eye",
      temperature: 0,
      max_output_tokens: 12,
      reasoning: { effort: "none" },
      input: [
        {
          role: "user",
          content: [
            { type: "input_image", image_url: red, detail: "auto" },
            { type: "input_text", text: "Hm?" },
          ],
        },
      ],
    });
    expect(response.output_text).toBe(openAiText);

    const trpc = createTrpcClient({ url: `${tokenwire.url}/trpc` });
    const url = await toDataUrl(new Blob([new Uint8Array(media.red)], { type: "image/png" }));
    const events = await trpc.chat.mutate({
      model: "eye",
      messages: [
        {
          role: "user",
          content: [
            { type: "image", url },
            { type: "text", text: "Hm?" },
          ],
        },
      ],
      options: { temperature: 0, maxTokens: 12 },
    });
    const texts = await Array.fromAsync(events, (event) => (event.type === "text" ? event.text : ""));
    expect(texts.join("")).toBe(openAiText);

    const said = { part: { case: "text" as const, value: "Hm?" } };
    const grpc = tokenwire.client.inference.chat({
      model: "eye",
      messages: [{ role: Role.USER, content: [await imagePart(media.red), said] }],
      options: { temperature: 0, maxTokens: 12 },
    });
    const grpcTexts = await Array.fromAsync(grpc, ({ event }) => (event.case === "text" ? event.value.text : ""));
    expect(grpcTexts.join("")).toBe(openAiText);
  });

  test("continues a prompt with pictures, as llama-server's clients send it", async () => {
    const props = (await (await fetch(`${tokenwire.url}/props?model=eye`)).json()) as {
      media_marker: string;
      modalities: object;
    };
    expect(props.modalities).toEqual({ vision: true, audio: false });
    const prompt = {
      prompt_string: `<|im_start|>user\nTell me about ${props.media_marker}<|im_end|>\n<|im_start|>assistant\n`,
      multimodal_data: [media.red.toString("base64")],
    };
    const body = { model: "eye", prompt, temperature: 0, n_predict: 12 };
    const response = await fetch(`${tokenwire.url}/completion`, { method: "POST", body: JSON.stringify(body) });
    expect(response.status).toBe(200);
    const { content, tokens_evaluated: tokens } = (await response.json()) as {
      content: string;
      tokens_evaluated: number;
    };
    expect(content).not.toBe("");
    expect(tokens).toBeGreaterThan(10);
  });

  test("says that it sees, where models are listed", async () => {
    const list = (await (await fetch(`${tokenwire.url}/v1/models`)).json()) as { data: { id: string; meta: object }[] };
    expect(list.data.map(({ id, meta }) => [id, meta])).toMatchObject([
      ["eye", { vision: true, audio: false }],
      ["ear", { vision: false, audio: true }],
      ["guide", { vision: false, audio: false }],
    ]);
  });
});

test("a model that hears takes sound by REST and gRPC", async () => {
  const sound = (data: string, format: "wav" | "mp3"): Content => [
    { type: "input_audio", input_audio: { data, format } },
  ];
  const { text } = await answerTo("ear", sound(tone, "wav"));
  expect((await answerTo("ear", sound(mediaFile("tone.mp3").toString("base64"), "mp3"))).text).toBeTypeOf("string");
  const grpc = tokenwire.client.inference.chat({
    model: "ear",
    messages: [{ role: Role.USER, content: [await audioPart(media.tone)] }],
    options: { temperature: 0, maxTokens: 12 },
  });
  const texts = await Array.fromAsync(grpc, ({ event }) => (event.case === "text" ? event.value.text : ""));
  expect(texts.join("")).toBe(text);
});

describe("a transcription", () => {
  const wav = () => new File([new Uint8Array(media.tone)], "tone.wav", { type: "audio/wav" });
  const send = async (fields: Record<string, string | File>) => {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    const response = await fetch(`${tokenwire.url}/v1/audio/transcriptions`, { method: "POST", body: form });
    return { status: response.status, text: await response.text() };
  };

  test("is what a model that hears writes down, in each form", async () => {
    const { text } = await openai.audio.transcriptions.create({ file: wav(), model: "ear" });
    expect(text).not.toBe("");
    const stream = await openai.audio.transcriptions.create({ file: wav(), model: "ear", stream: true });
    const events = await Array.fromAsync(stream);
    const deltas = events.map((event) => (event.type === "transcript.text.delta" ? event.delta : ""));
    expect(deltas.join("")).toBe(text);
    expect(events.at(-1)).toMatchObject({ type: "transcript.text.done", text, usage: { type: "tokens" } });
    expect(await send({ model: "ear", file: wav(), response_format: "text" })).toEqual({
      status: 200,
      text: `${text}\n`,
    });
    const verbose = await send({ model: "ear", file: wav(), response_format: "verbose_json", language: "en" });
    expect(JSON.parse(verbose.text)).toMatchObject({ task: "transcribe", language: "en" });
  });

  test.each<[string, Record<string, string | File>]>([
    ["file", { model: "eye", file: wav() }],
    ["file", { model: "guide", file: wav() }],
    ["file", { model: "ear", file: new File(["no sound"], "a.wav") }],
    ["file", { model: "ear" }],
    ["file", { model: "ear", file: "text" }],
    ["response_format", { model: "ear", file: wav(), response_format: "srt" }],
    ["response_format", { model: "ear", file: wav(), response_format: "text", stream: "true" }],
    ["temperature", { model: "ear", file: wav(), temperature: "warm" }],
    ["timestamp_granularities", { model: "ear", file: wav(), "timestamp_granularities[]": "word" }],
  ])("is refused for its %s: %j", async (param, fields) => {
    const { status, text } = await send(fields);
    expect([status, JSON.parse(text)]).toMatchObject([400, { error: { param } }]);
  });

  test.each([
    [415, "application/json", "{}"],
    [400, "multipart/form-data", "x"],
    [400, "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=model\r\n\r\near"],
  ])("is answered %d when it comes as %s", async (status, type, body) => {
    const headers = { "content-type": type };
    const response = await fetch(`${tokenwire.url}/v1/audio/transcriptions`, { method: "POST", headers, body });
    expect(response.status).toBe(status);
  });
});

const bomb = `data:image/png;base64,${writePng({ width: 50_000, height: 50_000, data: Buffer.alloc(9) }).toString("base64")}`;
const flood = writePng({ width: 1, height: 1, data: Buffer.alloc(50_000_000) }).toString("base64");
const cut = `data:image/png;base64,${mediaFile("halves.png").subarray(0, 70).toString("base64")}`;
const badCodes = Buffer.from(mediaFile("halves.gif"));
badCodes.fill(0xff, 60, 98);

describe("is refused with 400, naming the part, and the server goes on:", () => {
  test.each<[string, string, Content[number], string, RegExp]>([
    ["a picture for a model of text", "guide", look(red)[1] as Content[number], "image_url.url", /no projector/],
    ["a picture for one that hears", "ear", look(red)[1] as Content[number], "image_url.url", /takes no pictures/],
    [
      "sound for one that sees",
      "eye",
      { type: "input_audio", input_audio: { data: tone, format: "wav" } },
      "input_audio.data",
      /takes no sounds/,
    ],
    ["a picture of 50,000 by 50,000", "eye", look(bomb)[1] as Content[number], "image_url.url", /too many pixels/],
    [
      "one that unpacks to more",
      "eye",
      look(`data:;base64,${flood}`)[1] as Content[number],
      "image_url.url",
      /more than its pixels/,
    ],
    ["one that is cut off", "eye", look(cut)[1] as Content[number], "image_url.url", /cut off/],
    ["a page", "eye", look("data:image/png;base64,PGh0bWw+")[1] as Content[number], "image_url.url", /not a picture/],
    ["a file of the server's", "eye", look("file:///etc/passwd")[1] as Content[number], "image_url.url", /file: URL/],
    [
      "another host",
      "eye",
      look("https://example.com/a.png")[1] as Content[number],
      "image_url.url",
      /media_url_hosts/,
    ],
    [
      "a broken GIF",
      "eye",
      look(`data:;base64,${badCodes.toString("base64")}`)[1] as Content[number],
      "image_url.url",
      /./,
    ],
  ])("%s", async (_, model, part, field, words) => {
    const error: unknown = await openai.chat.completions
      .create(asking(model, [{ type: "text", text: "a" }, part]))
      .then(
        () => undefined,
        (cause: unknown) => cause,
      );
    // A decoder may make something of a GIF's wrong codes.
    if (error === undefined) expect(_).toBe("a broken GIF");
    else {
      expect(error).toMatchObject({ status: 400, param: `messages[0].content[1].${field}` });
      expect((error as Error).message).toMatch(words);
    }
  });

  test("a picture where there is only text, in each dialect", async () => {
    const base64 = media.red.toString("base64");
    const post = async (path: string, body: object) => {
      const response = await fetch(tokenwire.url + path, {
        method: "POST",
        body: JSON.stringify({ model: "guide", ...body }),
      });
      return [response.status, await response.text()] as const;
    };
    const image = { type: "image", source: { type: "base64", media_type: "image/png", data: base64 } };
    for (const [path, body, param] of [
      [
        "/v1/messages",
        { max_tokens: 5, messages: [{ role: "user", content: [image] }] },
        "messages[0].content[0].source.data",
      ],
      [
        "/v1/responses",
        { input: [{ role: "user", content: [{ type: "input_image", image_url: red }] }] },
        "input[0].content[0].image_url",
      ],
      ["/api/chat", { messages: [{ role: "user", content: "a", images: [base64] }] }, "messages[0].images[0]"],
      ["/api/generate", { prompt: "a", images: [base64] }, "images[0]"],
      [
        "/completion",
        { prompt: { prompt_string: "<__media__>", multimodal_data: [base64] } },
        "prompt.multimodal_data[0]",
      ],
      [
        "/v1/chat/completions/input_tokens",
        { messages: [{ role: "user", content: look(red) }] },
        "messages[0].content[1].image_url.url",
      ],
      ["/apply-template", { messages: [{ role: "user", content: look(red) }] }, "messages[0].content[1].image_url.url"],
    ] as const) {
      const [status, text] = await post(path, body);
      expect([path, status, text]).toEqual([path, 400, expect.stringContaining(param)]);
      expect(text).toContain("no projector");
    }
  });

  test("nothing, which is answered as before", async () => {
    expect((await answerTo("eye", look(red))).text).not.toBe("");
  });
});
