import { create } from "@bufbuild/protobuf";
import { readFileSync } from "node:fs";
import { ChatRequestSchema, Role, type ChatRequest } from "../../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { ChatMessage } from "../../../../services/engine/text/chat-messages.ts";
import type { ChatParser } from "../../../../services/engine/text/stream/chat-parser.ts";

/** A row of tiny-guide's golden answers: a request, the prompt it becomes, the raw output, the message read from it. */
export interface GoldenRow {
  readonly kind: string;
  readonly request: GoldenRequest;
  readonly prompt: string;
  readonly raw: string;
  readonly answer: string;
  readonly reasoning?: string;
  readonly tool_calls?: readonly { readonly name: string; readonly arguments: string }[];
}

interface GoldenRequest {
  readonly messages: readonly {
    readonly role: string;
    readonly content: string;
    readonly tool_call_id?: string;
    readonly tool_calls?: readonly { id: string; function: { name: string; arguments: string } }[];
  }[];
  readonly tools?: readonly { function: { name: string; description?: string; parameters?: object } }[];
  readonly chat_template_kwargs?: Record<string, boolean>;
}

const folder = new URL("../../../../models/tiny-guide/", import.meta.url);

export const tinyGuideTemplate = readFileSync(new URL("chat_template.jinja", folder), "utf8");

export const goldenChats = readFileSync(new URL("golden.jsonl", folder), "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as GoldenRow)
  .filter((row) => row.kind === "chat");

const roles: Readonly<Record<string, Role>> = {
  system: Role.SYSTEM,
  developer: Role.DEVELOPER,
  user: Role.USER,
  assistant: Role.ASSISTANT,
  tool: Role.TOOL,
};

/** What the shim makes of an OpenAI request, as far as prompts go. */
export function chatRequest(request: GoldenRequest): ChatRequest {
  return create(ChatRequestSchema, {
    messages: request.messages.map((message) => ({
      role: roles[message.role] ?? Role.UNSPECIFIED,
      content: [{ part: { case: "text" as const, value: message.content } }],
      toolCallId: message.tool_call_id ?? "",
      toolCalls: (message.tool_calls ?? []).map(({ id, function: { name, arguments: argumentsJson } }) => ({
        id,
        name,
        argumentsJson,
      })),
    })),
    tools: (request.tools ?? []).map(({ function: { name, description = "", parameters } }) => ({
      name,
      description,
      parametersJson: parameters === undefined ? "" : JSON.stringify(parameters),
    })),
    ...(request.chat_template_kwargs && { chatTemplateKwargs: request.chat_template_kwargs }),
  });
}

export function chatMessage(role: ChatMessage["role"], ...content: string[]): ChatMessage {
  return { role, content, toolCalls: [], toolCallId: "", name: "", toolName: "", reasoning: "" };
}

/** What a client holds after it has put all deltas together. */
export interface ParsedAnswer {
  text: string;
  reasoning: string;
  calls: { id: string; name: string; arguments: string }[];
}

/** Feeds the pieces to a parser and puts its events together; checks the order of a call's events on the way. */
export function parseAnswer(parser: ChatParser, pieces: readonly string[]): ParsedAnswer {
  const answer: ParsedAnswer = { text: "", reasoning: "", calls: [] };
  for (const events of [...pieces.map((piece) => parser.push(piece)), parser.end()]) {
    for (const event of events) {
      if (event.type !== "tool_call") {
        if (event.text === "") throw new Error("an event without text");
        answer[event.type] += event.text;
        continue;
      }
      const call = answer.calls[event.index];
      if (call === undefined) {
        if (event.index !== answer.calls.length || event.id === "") throw new Error("a call that did not begin");
        answer.calls.push({ id: event.id, name: event.name, arguments: event.arguments });
      } else {
        if (event.id !== "" || event.name !== "") throw new Error("a call that began twice");
        call.arguments += event.arguments;
      }
    }
  }
  return answer;
}

/** Cuts a text at the given places, taken modulo its length. */
export function cutText(text: string, places: readonly number[]): string[] {
  const cuts = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [0, ...cuts].map((from, i) => text.slice(from, cuts[i] ?? text.length));
}
