import type OpenAI from "openai";
import { expect } from "vitest";
import type { z } from "zod";
import { startTokenwire, type StartOptions, type Tokenwire } from "../../support/tokenwire.ts";
import { faultByOwnSchemas } from "./documented-answers.ts";
import { type DocumentSchema, faultByDocument } from "./openapi-document.ts";
import * as oracle from "./oracle.ts";
import { expectWholeChatStream, expectWholeStream } from "./stream-rules.ts";

type Fields = Readonly<Record<string, unknown>>;
/** A chat answer with the field that the SDK's type has not. */
export type ChatMessage = OpenAI.ChatCompletionMessage & { readonly reasoning_content?: string };
export type ChatCompletion = Omit<OpenAI.ChatCompletion, "choices"> & {
  choices: (OpenAI.ChatCompletion.Choice & { message: ChatMessage })[];
  usage: OpenAI.CompletionUsage;
};

/** The whole product, where every answer is held to OpenAI's contract before a test sees it. */
export interface ContractServer extends AsyncDisposable {
  readonly tokenwire: Tokenwire;
  /** Sends anything; what comes back is not checked. */
  send(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  chat(request: Fields): Promise<ChatCompletion>;
  chatStream(request: Fields): Promise<OpenAI.ChatCompletionChunk[]>;
  complete(request: Fields): Promise<OpenAI.Completion>;
  completeStream(request: Fields): Promise<OpenAI.Completion[]>;
  embed(request: Fields): Promise<OpenAI.CreateEmbeddingResponse>;
  models(): Promise<OpenAI.Model[]>;
  model(id: string): Promise<OpenAI.Model>;
  /** Sends what has to be refused: a 4xx in OpenAI's shape. */
  refusal(path: string, body: unknown): Promise<{ readonly status: number } & OpenAI.ErrorObject>;
}

export const chatPath = "/v1/chat/completions";
export const completionsPath = "/v1/completions";
export const embeddingsPath = "/v1/embeddings";

export async function startContractServer(options: StartOptions = {}): Promise<ContractServer> {
  const tokenwire = await startTokenwire(options);
  const send: ContractServer["send"] = async (path, body, headers = {}) => {
    const response = await fetch(tokenwire.url + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    const text = await response.clone().text();
    const contentType = response.headers.get("content-type") ?? "";
    expect(faultByOwnSchemas({ path, status: response.status, contentType, text })).toBeUndefined();
    return response;
  };
  const ask = async <T>(path: string, body: Fields, shape: Shape): Promise<T> =>
    checked<T>(await successOf(await send(path, body)), shape);
  const askStream = async <T>(path: string, body: Fields, shape: Shape): Promise<T[]> => {
    const response = await send(path, { ...body, stream: true });
    return (await eventsOf(response)).map((event) => checked<T>(event, shape));
  };
  return {
    tokenwire,
    send,
    chat: (request) => ask(chatPath, request, shapes.chat),
    async chatStream(request) {
      const chunks = await askStream<OpenAI.ChatCompletionChunk>(chatPath, request, shapes.chatChunk);
      expectWholeChatStream(chunks, includesUsage(request));
      return chunks;
    },
    complete: (request) => ask(completionsPath, request, shapes.completion),
    async completeStream(request) {
      const chunks = await askStream<OpenAI.Completion>(completionsPath, request, shapes.completionChunk);
      expectWholeStream(chunks, includesUsage(request));
      return chunks;
    },
    embed: (request) =>
      ask(embeddingsPath, request, request["encoding_format"] === "base64" ? shapes.base64 : shapes.embeddings),
    async models() {
      const list = await successOf(await fetch(`${tokenwire.url}/v1/models`));
      return checked<OpenAI.ModelsPage>(list, shapes.models).data;
    },
    async model(id) {
      const response = await fetch(`${tokenwire.url}/v1/models/${id}`);
      return checked<OpenAI.Model>(await successOf(response), shapes.model);
    },
    async refusal(path, body) {
      const response = await send(path, body);
      const text = await response.text();
      const shown = `${JSON.stringify(body).slice(0, 300)} → ${text.slice(0, 300)}`;
      expect(response.status, shown).toBeGreaterThanOrEqual(400);
      expect(response.status, shown).toBeLessThan(500);
      const { error } = checked<{ error: OpenAI.ErrorObject }>(JSON.parse(text), shapes.error);
      return { status: response.status, ...error };
    },
    [Symbol.asyncDispose]: () => tokenwire[Symbol.asyncDispose](),
  };
}

interface Shape {
  readonly schema: z.ZodType;
  readonly name: DocumentSchema;
}

const shapes = {
  chat: { schema: oracle.chatCompletion, name: "CreateChatCompletionResponse" },
  chatChunk: { schema: oracle.chatChunk, name: "CreateChatCompletionStreamResponse" },
  completion: { schema: oracle.completion, name: "CreateCompletionResponse" },
  completionChunk: { schema: oracle.completionChunk, name: "CreateCompletionResponse" },
  embeddings: { schema: oracle.embeddings, name: "CreateEmbeddingResponse" },
  base64: { schema: oracle.base64Embeddings, name: "CreateEmbeddingResponse" },
  models: { schema: oracle.models, name: "ListModelsResponse" },
  model: { schema: oracle.model, name: "Model" },
  error: { schema: oracle.errorBody, name: "ErrorResponse" },
} as const satisfies Record<string, Shape>;

function checked<T>(value: unknown, { schema, name }: Shape): T {
  const { error } = schema.safeParse(value);
  expect(error?.issues, JSON.stringify(value).slice(0, 2_000)).toBeUndefined();
  expect(faultByDocument(name, value)).toBeUndefined();
  return value as T;
}

async function successOf(response: Response): Promise<unknown> {
  const text = await response.text();
  expect(response.status, text.slice(0, 500)).toBe(200);
  return JSON.parse(text);
}

async function eventsOf(response: Response): Promise<unknown[]> {
  const text = await response.text();
  expect(response.status, text.slice(0, 500)).toBe(200);
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const data = text.split("\n\n").flatMap((event) => (event.startsWith("data: ") ? [event.slice(6)] : []));
  expect(data.at(-1)).toBe("[DONE]");
  return data.slice(0, -1).map((json) => JSON.parse(json) as unknown);
}

function includesUsage({ stream_options: options }: Fields): boolean {
  return (options as { include_usage?: boolean } | undefined)?.include_usage === true;
}

/** A conversation of one question. */
export function asking(question: string): { messages: OpenAI.ChatCompletionMessageParam[] } {
  return { messages: [{ role: "user", content: question }] };
}
