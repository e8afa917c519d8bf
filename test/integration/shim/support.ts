import OpenAI from "openai";
import { pino } from "pino";
import { Registry } from "prom-client";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ChatResponseSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { FinishReason } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { type ShimSettings, shimSettingsSchema } from "../../../settings/rest-settings.ts";
import type { ShimClient } from "../../../shim/dialect/deps.ts";
import { startShim } from "../../../shim/server.ts";
import { fakeClient, type FakeHandlers } from "../../support/fake-inference.ts";

export interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [key: string]: unknown;
}

/** A running shim on a free port in front of a fake service, closed by `await using`. */
export interface TestShim extends AsyncDisposable {
  readonly url: string;
  readonly openai: OpenAI;
  readonly logs: LogLine[];
  readonly registry: Registry;
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>;
  close(graceMs: number): Promise<void>;
}

/** `service`: what a fake does, or a real client of a real service. */
export async function testShim(
  service: FakeHandlers | { readonly client: ShimClient },
  settings: Partial<ShimSettings> = {},
): Promise<TestShim> {
  const logs: LogLine[] = [];
  const registry = new Registry();
  const shim = await startShim({
    client: "client" in service ? service.client : fakeClient(service),
    settings: { ...shimSettingsSchema.parse({ port: 0 }), ...settings },
    logger: pino({ level: "debug" }, { write: (line) => void logs.push(JSON.parse(line) as LogLine) }),
    version: "0.0.0-test",
    registry,
  });
  return {
    url: shim.url,
    openai: new OpenAI({ baseURL: `${shim.url}/v1`, apiKey: "None", maxRetries: 0 }),
    logs,
    registry,
    post: (path, body, init) =>
      fetch(shim.url + path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: typeof body === "string" ? body : JSON.stringify(body),
        ...init,
      }),
    close: (graceMs) => shim.close(graceMs),
    [Symbol.asyncDispose]: () => shim.close(0),
  };
}

type ChatEvent = MessageInitShape<typeof ChatResponseSchema>;

/** The events of a chat answer, in the order in which the service sends them. */
export const chat = {
  started: (model = "tiny", promptTokens = 7, cachedTokens = 3): ChatEvent => ({
    event: { case: "started", value: { model, promptTokens, cachedTokens } },
  }),
  text: (text: string, choice = 0): ChatEvent => ({ choice, event: { case: "text", value: { text } } }),
  reasoning: (text: string): ChatEvent => ({ event: { case: "reasoning", value: { text } } }),
  call: (delta: { index?: number; id?: string; name?: string; arguments?: string }): ChatEvent => ({
    event: { case: "toolCall", value: delta },
  }),
  finished: (reason: FinishReason = FinishReason.STOP, choice = 0, completionTokens = 2): ChatEvent => ({
    choice,
    event: {
      case: "finished",
      value: { reason, usage: { promptTokens: 7, completionTokens, cachedTokens: 3, reasoningTokens: 1 } },
    },
  }),
};

/** The values of an event stream's `data:` lines, `[DONE]` included as the text. */
export async function readEvents(response: Response): Promise<unknown[]> {
  const text = await response.text();
  return text
    .split("\n\n")
    .filter((event) => event.startsWith("data: "))
    .map((event) => event.slice("data: ".length))
    .map((data) => (data === "[DONE]" ? data : (JSON.parse(data) as unknown)));
}

export const hello = { model: "tiny", messages: [{ role: "user" as const, content: "hello" }] };
