import { expect } from "vitest";
import { embedWithoutEffect } from "../../../../shim/ollama/schema/embed-requests.ts";
import { generationWithoutEffect } from "../../../../shim/ollama/schema/options.ts";
import type { ContractServer } from "../contract-server.ts";
import { getWeather } from "../example-tools.ts";
import type { Probe, Probed } from "./probe.ts";

interface Answer {
  readonly response?: string;
  readonly message?: { readonly content: string; readonly thinking?: string; readonly tool_calls?: readonly object[] };
  readonly done_reason?: string;
  readonly eval_count?: number;
  readonly prompt_eval_count?: number;
  readonly context?: readonly number[];
  readonly logprobs?: readonly { readonly top_logprobs: readonly object[] }[];
  readonly embeddings?: readonly (readonly number[])[];
  readonly embedding?: readonly number[];
}

const model = "tiny-guide";
const options = { temperature: 0, num_predict: 24 };
const chat = { model, stream: false, messages: [{ role: "user", content: "Hello!" }], options };
const generate = { model, stream: false, prompt: "Hello!", options };
const long = "word ".repeat(9_000);

async function answerOf(server: ContractServer, path: string, body: object): Promise<Answer> {
  const response = await server.send(path, body);
  expect(response.status).toBe(200);
  return (await response.json()) as Answer;
}
const textOf = ({ response, message }: Answer) => response ?? message?.content ?? "";
const statusOf = async (server: ContractServer, path: string, body: object) => (await server.send(path, body)).status;

const modelProbe = (path: string, request: object): Probe => ({
  field: "model",
  seen: "the name of a configured model, with or without `:latest`; another one is a 404",
  async run(server) {
    expect(await statusOf(server, path, { ...request, model: "tiny-guide:latest" })).toBe(200);
    expect(await statusOf(server, path, { ...request, model: "nobody" })).toBe(404);
  },
});

/** What chats and generations share. */
const generationProbes = (path: string, request: typeof chat | typeof generate): readonly Probe[] => [
  modelProbe(path, request),
  {
    field: "stream",
    seen: "JSON lines unless it is false",
    async run(server) {
      const lines = (await (await server.send(path, { ...request, stream: undefined })).text()).trim().split("\n");
      expect(lines.map((line) => (JSON.parse(line) as { done: boolean }).done).lastIndexOf(true)).toBe(
        lines.length - 1,
      );
      expect(lines.length).toBeGreaterThan(2);
    },
  },
  {
    field: "format",
    seen: "json and a schema give JSON at temperature 1",
    async run(server) {
      const warm = { ...request, think: false, options: { temperature: 1, num_predict: 80 } };
      expect(textOf(await answerOf(server, path, { ...warm, format: "json" }))).toMatch(/^{/);
      const text = textOf(await answerOf(server, path, { ...warm, format: { enum: [{ a: 1 }] } }));
      expect(JSON.parse(text)).toEqual({ a: 1 });
    },
  },
  {
    field: "options",
    seen: "num_predict, stop, seed and temperature; the other samplers are those of /v1/chat/completions",
    async run(server) {
      const ask = (more: object) => answerOf(server, path, { ...request, options: { ...options, ...more } });
      expect(await ask({ num_predict: 3 })).toMatchObject({ eval_count: 3, done_reason: "length" });
      const [word = ""] = /\w+$/.exec(textOf(await ask({ num_predict: 5 }))) ?? [];
      expect(textOf(await ask({ stop: [word] }))).not.toContain(word);
      const warm = { temperature: 1.5, seed: 7, top_k: 0, min_p: 0, top_p: 1 };
      expect(textOf(await ask(warm))).toBe(textOf(await ask(warm)));
      for (const wrong of [{ top_k: -2 }, { top_p: 2 }, { min_p: 2 }, { typical_p: 2 }, { repeat_penalty: -1 }]) {
        expect(await statusOf(server, path, { ...request, options: wrong })).toBe(400);
      }
    },
  },
  {
    field: "keep_alive",
    seen: "0 unloads the model behind the answer; other times are named in the warning header; nonsense is a 400",
    async run(server) {
      expect(await statusOf(server, path, { ...request, keep_alive: "soon" })).toBe(400);
      const { headers } = await server.send(path, { ...request, keep_alive: "5m" });
      expect(headers.get("warning")).toContain("keep_alive");
      const empty = { model, keep_alive: 0, stream: false };
      expect(await answerOf(server, path, empty)).toMatchObject({ done_reason: "unload" });
      expect(await answerOf(server, path, { model, stream: false })).toMatchObject({ done_reason: "load" });
    },
  },
  {
    field: "think",
    seen: "true: the model thinks, apart from the answer; false: it does not",
    async run(server) {
      const thinks = async (think: boolean) => {
        const answer = await answerOf(server, path, { ...request, think });
        return (answer.message ?? (answer as { thinking?: string })).thinking !== undefined;
      };
      expect([await thinks(true), await thinks(false)]).toEqual([true, false]);
    },
  },
  {
    field: "logprobs",
    seen: "the tokens of the answer with their log-probabilities",
    run: async (server) =>
      expect((await answerOf(server, path, { ...request, logprobs: true })).logprobs?.length).toBeGreaterThan(2),
  },
  {
    field: "top_logprobs",
    seen: "so many likeliest tokens beside each",
    async run(server) {
      const { logprobs } = await answerOf(server, path, { ...request, logprobs: true, top_logprobs: 3 });
      expect(logprobs?.[0]?.top_logprobs).toHaveLength(3);
    },
  },
];

export const ollamaProbed: Readonly<Record<string, Probed>> = {
  "/api/chat": {
    request: chat,
    withoutEffect: generationWithoutEffect,
    probes: [
      ...generationProbes("/api/chat", chat),
      {
        field: "messages",
        seen: "the answer is about them; an assistant's message that is the last is continued",
        async run(server) {
          const messages = [
            { role: "user", content: "My name is Anna." },
            { role: "assistant", content: "Nice to meet you, Anna!" },
            { role: "user", content: "What is my name?" },
          ];
          expect(textOf(await answerOf(server, "/api/chat", { ...chat, messages }))).toContain("Anna");
        },
      },
      {
        field: "tools",
        seen: "the model calls the tool",
        async run(server) {
          const messages = [{ role: "user", content: "What is the weather in Paris?" }];
          const request = { ...chat, messages, tools: [getWeather], options: { temperature: 0 } };
          expect((await answerOf(server, "/api/chat", request)).message?.tool_calls).toHaveLength(1);
        },
      },
      {
        field: "truncate",
        seen: "a conversation that does not fit loses its oldest messages; with false it is a 400",
        async run(server) {
          const messages = [{ role: "user", content: long }, ...chat.messages];
          expect(await statusOf(server, "/api/chat", { ...chat, messages })).toBe(200);
          expect(await statusOf(server, "/api/chat", { ...chat, messages, truncate: false })).toBe(400);
        },
      },
    ],
  },
  "/api/generate": {
    request: generate,
    withoutEffect: generationWithoutEffect,
    probes: [
      ...generationProbes("/api/generate", generate),
      {
        field: "prompt",
        seen: "the answer is to it; without one the model is only loaded",
        async run(server) {
          expect(textOf(await answerOf(server, "/api/generate", generate))).toContain("Hello");
          const loaded = await answerOf(server, "/api/generate", { ...generate, prompt: "" });
          expect(loaded).toMatchObject({ done_reason: "load", response: "" });
        },
      },
      {
        field: "images",
        seen: "a model that sees is shown them; this one has no projector, which its refusal says",
        async run(server) {
          const response = await server.send("/api/generate", { ...generate, images: ["aGk="] });
          expect([response.status, await response.text()]).toEqual([
            400,
            expect.stringMatching(/images\[0\].*no projector/),
          ]);
        },
      },
      {
        field: "suffix",
        seen: "the prompt is one of filling in: it has the suffix's tokens too",
        async run(server) {
          const count = async (suffix: string) =>
            (await answerOf(server, "/api/generate", { ...generate, raw: true, suffix })).prompt_eval_count ?? 0;
          expect(await count(" and more, and more")).toBeGreaterThan((await count("")) + 3);
        },
      },
      {
        field: "system",
        seen: "its tokens are part of the prompt",
        async run(server) {
          const { prompt_eval_count: plain = 0 } = await answerOf(server, "/api/generate", generate);
          const told = await answerOf(server, "/api/generate", { ...generate, system: "You are a pirate." });
          expect(told.prompt_eval_count).toBeGreaterThan(plain + 4);
        },
      },
      {
        field: "raw",
        seen: "true: the prompt is continued as it is",
        async run(server) {
          const request = { ...generate, prompt: "1, 2, 3, 4,", raw: true };
          expect(textOf(await answerOf(server, "/api/generate", request))).toContain("5");
        },
      },
      {
        field: "context",
        seen: "an earlier answer's tokens are the conversation that goes on",
        async run(server) {
          const { context } = await answerOf(server, "/api/generate", { ...generate, prompt: "My name is Anna." });
          const next = await answerOf(server, "/api/generate", { ...generate, prompt: "What is my name?", context });
          expect(textOf(next)).toContain("Anna");
        },
      },
      {
        field: "truncate",
        seen: "a prompt that does not fit loses its beginning; with false it is a 400",
        async run(server) {
          // That it is cut otherwise is seen where the context is small (ollama.test.ts).
          expect(await statusOf(server, "/api/generate", { ...generate, prompt: long, truncate: false })).toBe(400);
        },
      },
    ],
  },
  "/api/embed": {
    request: { model, input: "a" },
    withoutEffect: embedWithoutEffect,
    probes: [
      modelProbe("/api/embed", { input: "a" }),
      {
        field: "input",
        seen: "a vector of length 1 for each text",
        async run(server) {
          const { embeddings } = await answerOf(server, "/api/embed", { model, input: ["a", "b"] });
          expect(embeddings).toHaveLength(2);
          expect(Math.hypot(...(embeddings?.[1] ?? []))).toBeCloseTo(1, 4);
        },
      },
      {
        field: "truncate",
        seen: "a text that is too long is cut; with false it is a 400",
        async run(server) {
          // That it is cut otherwise is seen where the context is small (ollama.test.ts).
          expect(await statusOf(server, "/api/embed", { model, input: long, truncate: false })).toBe(400);
        },
      },
      {
        field: "dimensions",
        seen: "so many numbers",
        async run(server) {
          const { embeddings } = await answerOf(server, "/api/embed", { model, input: "a", dimensions: 5 });
          expect(embeddings?.[0]).toHaveLength(5);
        },
      },
      checkedOnly("/api/embed", { model, input: "a" }, "options", { temperature: 9 }),
      checkedOnly("/api/embed", { model, input: "a" }, "keep_alive", [1]),
    ],
  },
  "/api/embeddings": {
    request: { model, prompt: "a" },
    withoutEffect: embedWithoutEffect,
    probes: [
      modelProbe("/api/embeddings", { prompt: "a" }),
      {
        field: "prompt",
        seen: "its vector",
        run: async (server) =>
          expect((await answerOf(server, "/api/embeddings", { model, prompt: "a" })).embedding).toHaveLength(192),
      },
      checkedOnly("/api/embeddings", { model, prompt: "a" }, "options", { temperature: 9 }),
      checkedOnly("/api/embeddings", { model, prompt: "a" }, "keep_alive", [1]),
    ],
  },
  "/api/show": {
    request: { model },
    withoutEffect: { verbose: "the lists of a GGUF (its vocabulary) are left out" },
    probes: [modelProbe("/api/show", {}), nameProbe("/api/show")],
  },
  "/api/pull": {
    request: { model },
    withoutEffect: { insecure: "certificates are always checked" },
    probes: [
      {
        field: "model",
        seen: "one that is configured is there already; names of Ollama's registry are a 404",
        async run(server) {
          expect(await statusOf(server, "/api/pull", { model })).toBe(200);
          expect(await statusOf(server, "/api/pull", { model: "llama3" })).toBe(404);
        },
      },
      nameProbe("/api/pull"),
      {
        field: "stream",
        seen: "false: one object",
        run: async (server) =>
          expect(await answerOf(server, "/api/pull", { model, stream: false })).toEqual({ status: "success" }),
      },
    ],
  },
  "/api/copy": {
    request: { source: "a", destination: "b" },
    withoutEffect: {},
    probes: [
      {
        field: "source",
        seen: "the model that gets another name; one that is not there is a 404",
        async run(server) {
          expect((await server.send("/api/copy", { source: model, destination: "probe" })).status).toBe(200);
          expect((await server.send("/api/show", { model: "probe" })).status).toBe(200);
          expect((await server.send("/api/copy", { source: "nobody", destination: "probe" })).status).toBe(404);
        },
      },
      {
        field: "destination",
        seen: "the name, which no model has yet",
        run: async (server) =>
          expect((await server.send("/api/copy", { source: model, destination: "tiny-guide" })).status).toBe(400),
      },
    ],
  },
  "/api/push": { request: {}, probes: [], withoutEffect: {} },
  "/api/create": { request: {}, probes: [], withoutEffect: {} },
  "/api/blobs/{digest}": { request: {}, probes: [], withoutEffect: {} },
};

function nameProbe(path: string): Probe {
  return {
    field: "name",
    seen: "another name for model",
    run: async (server) => expect(await statusOf(server, path, { name: model })).toBe(200),
  };
}

/** A field that asks for nothing there, and is checked all the same. */
function checkedOnly(path: string, request: object, field: string, wrong: unknown): Probe {
  return {
    field,
    seen: "checked: a wrong value is a 400",
    run: async (server) => expect(await statusOf(server, path, { ...request, [field]: wrong })).toBe(400),
  };
}

const flags = ["low_vram", "use_mmap", "use_mlock", "numa", "f16_kv", "penalize_newline", "logits_all"];

/** How the fields without an effect are sent. */
export const ollamaFragments: Readonly<Record<string, object>> = {
  shift: { shift: true },
  verbose: { verbose: true },
  insecure: { insecure: true },
  ...Object.fromEntries(
    Object.keys(embedWithoutEffect).map((field) => {
      const name = field.replace("options.", "");
      return [field, { options: { num_predict: 1, [name]: flags.includes(name) ? true : 1 } }];
    }),
  ),
};
