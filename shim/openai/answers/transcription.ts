import { z } from "zod";
import { named } from "../../dialect/docs/endpoint-docs.ts";
import { count } from "./usage.ts";

const usage = z.strictObject({
  type: z.literal("tokens"),
  input_tokens: count,
  output_tokens: count,
  total_tokens: count,
});

/** What a model has heard; `verbose_json` says the language that was asked for too. */
export const transcriptionSchema = named(
  "Transcription",
  z.strictObject({
    text: z.string(),
    task: z.literal("transcribe").exactOptional(),
    language: z.string().exactOptional(),
    usage,
  }),
);

/** A piece of it, and at last all of it. */
export const transcriptionEventSchema = named(
  "TranscriptionEvent",
  z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("transcript.text.delta"), delta: z.string() }),
    z.strictObject({ type: z.literal("transcript.text.done"), text: z.string(), usage }),
  ]),
);

export type Transcription = z.infer<typeof transcriptionSchema>;
export type TranscriptionEvent = z.infer<typeof transcriptionEventSchema>;
