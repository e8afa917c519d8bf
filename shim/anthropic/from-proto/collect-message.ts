import type { AnthropicBlock, AnthropicMessage } from "./message.ts";
import type { BlockDelta, MessageEvent } from "./message-events.ts";

/** Reads Anthropic's events to their end into the one message that they tell. */
export async function collectMessage(events: AsyncIterable<MessageEvent>): Promise<AnthropicMessage> {
  let message: AnthropicMessage | undefined;
  const content: AnthropicBlock[] = [];
  let json = "";
  for await (const event of events) {
    switch (event.type) {
      case "message_start":
        message = event.message;
        break;
      case "content_block_start":
        content[event.index] = event.content_block;
        json = "";
        break;
      case "content_block_delta":
        if (event.delta.type === "input_json_delta") json += event.delta.partial_json;
        else content[event.index] = extended(content[event.index], event.delta);
        break;
      case "content_block_stop": {
        const block = content[event.index];
        if (block?.type === "tool_use") content[event.index] = { ...block, input: parseInput(json) };
        break;
      }
      case "message_delta":
        message = message && { ...message, ...event.delta, usage: event.usage };
        break;
      case "message_stop":
        break;
    }
  }
  if (message === undefined) throw new Error("the stream ended before its answer began");
  return { ...message, content };
}

function extended(block: AnthropicBlock | undefined, delta: BlockDelta): AnthropicBlock {
  if (block?.type === "text" && delta.type === "text_delta") return { ...block, text: block.text + delta.text };
  if (block?.type === "thinking" && delta.type === "thinking_delta") {
    return { ...block, thinking: block.thinking + delta.thinking };
  }
  if (block?.type === "thinking" && delta.type === "signature_delta") return { ...block, signature: delta.signature };
  throw new Error(`a ${delta.type} for a block of ${block?.type}`);
}

/** A call that was cut off has no whole input; the stop reason says that it is not to be run. */
function parseInput(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return {};
  }
}
