import type { Page } from "playwright-core";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ChatRequest, ChatResponseSchema } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { ModelState } from "../../../proto/gen/tokenwire/v1/models_pb.ts";
import { aborted } from "../../support/rpc.ts";
import type { FakeHandlers } from "../../support/fake-inference.ts";

export type ChatEvent = MessageInitShape<typeof ChatResponseSchema>;

export const tiny = {
  id: "tiny",
  state: ModelState.RESIDENT,
  details: {
    description: "llama 3M Q8_0",
    sizeBytes: 3_800_000n,
    parameters: 3_400_000n,
    contextLength: 1_024,
    trainedContextLength: 2_048,
    slots: 8,
    layers: 7,
    generates: true,
    backend: "cpu",
  },
  requests: { running: 1, waiting: 2 },
  memory: [{ device: "RAM", measuredBytes: 12_000_000n }],
  stats: { busySlots: 1, kvCellsUsed: 100n, kvCells: 8_192n, completionTokens: 1_234n },
};

export interface FakeService extends FakeHandlers {
  /** What was asked so far. */
  readonly requests: ChatRequest[];
}

/** A service with a model that stays as it is, whose answers are what `chat` makes of a request. */
export function fakeService(
  chat: (request: ChatRequest, signal: AbortSignal) => AsyncIterable<ChatEvent> | Iterable<ChatEvent>,
): FakeService {
  const requests: ChatRequest[] = [];
  return {
    requests,
    listModels: () => ({
      models: [tiny],
      devices: [{ name: "RAM", totalBytes: 24_000_000_000n, usableBytes: 16_000_000_000n, heldBytes: 12_000_000n }],
    }),
    async *watchModels(_, { signal }) {
      yield { model: tiny };
      await aborted(signal ?? new AbortController().signal);
    },
    chat(request, { signal }) {
      requests.push(request);
      return chat(request, signal ?? new AbortController().signal);
    },
  };
}

/** Writes a message and sends it with the keyboard. */
export async function say(page: Page, text: string): Promise<void> {
  await page.getByRole("textbox", { name: "Message", exact: true }).fill(text);
  await page.keyboard.press("Enter");
}

/** The texts of a request's messages, with their roles. */
export function textsOf(request: ChatRequest | undefined): string[] {
  return (request?.messages ?? []).map(({ content }) =>
    content.map(({ part }) => (part.case === "text" ? part.value : "")).join(""),
  );
}
