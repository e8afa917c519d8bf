import { z } from "zod";
import { named } from "../../dialect/docs/endpoint-docs.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { fieldDescriptions as fields } from "../field-descriptions.ts";
import { gatherItems, type Library } from "../library.ts";
import { withOwnParam } from "../own-param.ts";
import { inputTokensFieldsWithoutEffect, inputTokensSchema } from "../schema/response-request.ts";
import { countToProto, turnsOf } from "../to-proto/chat.ts";

/** POST /v1/responses/input_tokens */
export function inputTokens({ client }: DialectDeps, library: Library): Endpoint {
  return endpoint({
    method: "post",
    path: "/v1/responses/input_tokens",
    summary: "Count the input tokens that a response would have",
    operationId: "countResponseTokens",
    tag: "Responses",
    example: { input: "Hello!" },
    result: named(
      "ResponseTokensCount",
      z.strictObject({ object: z.literal("response.input_tokens"), input_tokens: z.int().min(0) }),
    ),
    body: inputTokensSchema,
    takesMedia: true,
    withoutEffect: inputTokensFieldsWithoutEffect,
    fields,
    async answer({ body, caller, call }) {
      const { earlier, own } = await gatherItems(library, caller, body);
      const turns = turnsOf(body, [...earlier, ...own]);
      try {
        const { tokens } = await client.inference.countTokens(countToProto(body, turns), call);
        return { json: { object: "response.input_tokens", input_tokens: tokens } };
      } catch (error) {
        throw withOwnParam(error, body, turns);
      }
    },
  });
}
