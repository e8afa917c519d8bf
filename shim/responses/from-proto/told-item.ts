import type { OwnTool } from "../to-proto/tools.ts";
import type { TokenLogprob } from "../../../proto/gen/tokenwire/v1/generation_pb.ts";
import { type ChatLogprob, chatLogprobsFromProto } from "../../dialect/answer/chat-logprobs.ts";
import { sealReasoning } from "../encrypted-reasoning.ts";
import { customInput, shellActionOf } from "./call-input.ts";
import type { ItemStatus, OutputItem, OutputText } from "./output-item.ts";
import { newId } from "./response.ts";

/** An event about an item, without the numbers that it gets from its place in the stream. */
export type ItemEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

/** An item that is being told: what opens it, what each piece adds, what closes it, and what it is by now. */
export interface ToldItem {
  readonly id: string;
  open(): ItemEvent[];
  add(text: string, logprobs: readonly TokenLogprob[]): ItemEvent[];
  close(): ItemEvent[];
  item(status: ItemStatus): OutputItem;
}

/** The assistant's text. */
export function toldText(): ToldItem {
  const id = newId("msg");
  let text = "";
  const logprobs: ChatLogprob[] = [];
  const part = (): OutputText => ({ type: "output_text", text, annotations: [], logprobs: [...logprobs] });
  return {
    id,
    open: () => [{ type: "response.content_part.added", content_index: 0, part: part() }],
    add(delta, tokens) {
      text += delta;
      const added = chatLogprobsFromProto(tokens)?.content ?? [];
      for (const logprob of added) logprobs.push(logprob);
      return [{ type: "response.output_text.delta", content_index: 0, delta, logprobs: added }];
    },
    close: () => [
      { type: "response.output_text.done", content_index: 0, text, logprobs: [...logprobs] },
      { type: "response.content_part.done", content_index: 0, part: part() },
    ],
    item: (status) => ({ id, type: "message", role: "assistant", status, content: [part()] }),
  };
}

export interface ReasoningOptions {
  /** A summary was asked for: it leaves nothing out. */
  readonly asSummary: boolean;
  readonly sealed: boolean;
}

/** The model's reasoning, as its content or as a summary of it. */
export function toldReasoning({ asSummary, sealed }: ReasoningOptions): ToldItem {
  const id = newId("rs");
  let text = "";
  const [part, index, name] = asSummary
    ? (["summary_text", "summary_index", "response.reasoning_summary_text"] as const)
    : (["reasoning_text", "content_index", "response.reasoning_text"] as const);
  const partName = asSummary ? "response.reasoning_summary_part" : "response.content_part";
  return {
    id,
    open: () => [{ type: `${partName}.added`, [index]: 0, part: { type: part, text: "" } }],
    add(delta) {
      text += delta;
      return [{ type: `${name}.delta`, [index]: 0, delta }];
    },
    close: () => [
      { type: `${name}.done`, [index]: 0, text },
      { type: `${partName}.done`, [index]: 0, part: { type: part, text } },
    ],
    item: (status) => ({
      id,
      type: "reasoning",
      status,
      summary: asSummary && text !== "" ? [{ type: "summary_text", text }] : [],
      ...(!asSummary && { content: text === "" ? [] : [{ type: "reasoning_text" as const, text }] }),
      ...(sealed && { encrypted_content: sealReasoning(text) }),
    }),
  };
}

/** A call of a tool, as the tool's kind has it. */
export function toldCall(callId: string, tool: OwnTool): ToldItem {
  let json = "";
  const { name, namespace } = tool;
  const fields = { call_id: callId, name, ...(namespace !== undefined && { namespace }) };
  switch (tool.kind) {
    case "function": {
      const id = newId("fc");
      return {
        id,
        open: () => [],
        add(delta) {
          json += delta;
          return delta === "" ? [] : [{ type: "response.function_call_arguments.delta", delta }];
        },
        close: () => [{ type: "response.function_call_arguments.done", name, arguments: json }],
        item: (status) => ({ id, type: "function_call", ...fields, arguments: json, status }),
      };
    }
    case "custom": {
      const id = newId("ctc");
      return {
        id,
        open: () => [],
        add(delta) {
          json += delta;
          return [];
        },
        // The text is inside of JSON, and whole only at its end.
        close: () => [
          { type: "response.custom_tool_call_input.delta", delta: customInput(json) },
          { type: "response.custom_tool_call_input.done", input: customInput(json) },
        ],
        item: (status) => ({ id, type: "custom_tool_call", ...fields, input: customInput(json), status }),
      };
    }
    case "local_shell": {
      const id = newId("lsh");
      return {
        id,
        open: () => [],
        add(delta) {
          json += delta;
          return [];
        },
        close: () => [],
        item: (status) => ({ id, type: "local_shell_call", call_id: callId, status, action: shellActionOf(json) }),
      };
    }
  }
}
