import { parseExactJson } from "../../../clients/json/exact-json.ts";
import type { ToolCallDelta } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";

export interface OllamaToolCall {
  readonly id: string;
  readonly function: { readonly index: number; readonly name: string; readonly arguments: object };
}

/** Puts calls together from their deltas: Ollama's API has each as a whole, with its arguments as an object. */
export class ToolCalls {
  #open: { index: number; id: string; name: string; json: string } | undefined;

  /** Takes a delta; gives the call before, when this begins another one. */
  add({ index, id, name, arguments: json }: ToolCallDelta): OllamaToolCall | undefined {
    if (this.#open?.index === index) {
      this.#open.json += json;
      return undefined;
    }
    const whole = this.end();
    this.#open = { index, id, name, json };
    return whole;
  }

  /** The call that was open; undefined for none, and for one that was cut off: it is not to be run. */
  end(): OllamaToolCall | undefined {
    const call = this.#open;
    this.#open = undefined;
    if (call === undefined) return undefined;
    const args = parseArguments(call.json);
    return args && { id: call.id, function: { index: call.index, name: call.name, arguments: args } };
  }
}

function parseArguments(json: string): object | undefined {
  try {
    const value = parseExactJson(json || "{}");
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
