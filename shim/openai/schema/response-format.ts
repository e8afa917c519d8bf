import { z } from "zod";
import { flag, jsonObject, text, unsettable } from "../../dialect/request/fields.ts";

/** What the answer must look like: OpenAI's `response_format`, and llama.cpp's `grammar` and `json_schema`. */
export const responseFormatFields = {
  response_format: unsettable(
    z.discriminatedUnion("type", [
      z.object({ type: z.literal("text") }),
      // The replaced server, and llama-server, take a schema here.
      z.object({ type: z.literal("json_object"), schema: unsettable(jsonObject) }),
      z.object({
        type: z.literal("json_schema"),
        json_schema: z.object({
          name: z.string().regex(/^[\w-]{1,64}$/, "must be 1 to 64 letters, digits, `_` and `-`"),
          description: text,
          schema: unsettable(jsonObject),
          strict: flag,
        }),
      }),
    ]),
  ),
  grammar: unsettable(z.string().min(1)),
  json_schema: unsettable(jsonObject),
};

export const responseFormatSchema = z.object(responseFormatFields);
export type ResponseFormatFields = z.infer<typeof responseFormatSchema>;
