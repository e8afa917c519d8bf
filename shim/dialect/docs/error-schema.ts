import { z } from "zod";
import { named } from "./named.ts";

/** OpenAI's error body, which most dialects share. */
export const errorSchema = named(
  "Error",
  z.strictObject({
    error: z.strictObject({
      message: z.string().describe("What is wrong, with the value and the remedy."),
      type: z.enum(["invalid_request_error", "rate_limit_error", "server_error"]),
      param: z.string().nullable().describe("The request's field at fault: `messages[0].content`."),
      code: z.string().nullable().describe("Tells errors apart that programs treat differently: `model_not_found`."),
    }),
  }),
);
