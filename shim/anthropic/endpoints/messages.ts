import { z } from "zod";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { named } from "../../dialect/docs/endpoint-docs.ts";
import { namedEvents } from "../../dialect/stream-format.ts";
import { readHeaders } from "../headers.ts";
import { collectMessage } from "../from-proto/collect-message.ts";
import { messageSchema, newMessageInfo } from "../from-proto/message.ts";
import { messageEvents, messageEventSchema } from "../from-proto/message-events.ts";
import { withOwnParam } from "../own-param.ts";
import {
  countFieldsWithoutEffect,
  countRequestSchema,
  type MessageRequestBody,
  messageFieldsWithoutEffect,
  messageRequestSchema,
} from "../schema/message-request.ts";
import { countToProto, messageToProto } from "../to-proto/chat.ts";
import { fieldDescriptions as fields } from "../field-descriptions.ts";

const tag = "Anthropic Messages";

/** POST /v1/messages */
export function messages({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/v1/messages",
    summary: "Answer a conversation (Anthropic's Messages)",
    operationId: "createMessage",
    tag,
    example: { max_tokens: 64, messages: [{ role: "user", content: "Hello!" }] },
    result: messageSchema,
    chunk: messageEventSchema,
    body: messageRequestSchema,
    takesMedia: true,
    withoutEffect: messageFieldsWithoutEffect,
    fields,
    streams: true,
    // The body is what the schema made of it.
    explain: (error, body) => withOwnParam(error, body as MessageRequestBody),
    async answer({ body, call, noted, header, warn }) {
      readHeaders(header, warn);
      if (hasRedactedThinking(body)) warn("redacted_thinking is not read: it was made elsewhere");
      const events = noted(client.inference.chat(messageToProto(body), call));
      const { thinking } = body;
      const thinkingOmitted = thinking != null && thinking.type !== "disabled" && thinking.display === "omitted";
      const told = messageEvents(events, newMessageInfo({ requestedModel: body.model ?? "", thinkingOmitted }));
      return body.stream === true ? { stream: told, format: namedEvents } : { json: await collectMessage(told) };
    },
  });
}

/** POST /v1/messages/count_tokens */
export function countTokens({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/v1/messages/count_tokens",
    summary: "Count the input tokens of a conversation (Anthropic's Messages)",
    operationId: "countMessageTokens",
    tag,
    example: { messages: [{ role: "user", content: "Hello!" }] },
    result: named("MessageTokensCount", z.strictObject({ input_tokens: z.int().min(0) })),
    body: countRequestSchema,
    takesMedia: true,
    withoutEffect: countFieldsWithoutEffect,
    fields,
    explain: (error, body) => withOwnParam(error, body as MessageRequestBody),
    async answer({ body, call, header, warn }) {
      readHeaders(header, warn);
      const { tokens } = await client.inference.countTokens(countToProto(body), call);
      return { json: { input_tokens: tokens } };
    },
  });
}

function hasRedactedThinking({ messages }: MessageRequestBody): boolean {
  return messages.some(
    ({ role, content }) =>
      role === "assistant" && typeof content !== "string" && content.some(({ type }) => type === "redacted_thinking"),
  );
}
