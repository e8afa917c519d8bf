import { z } from "zod";
import { text, unsettable, unsupported } from "../../dialect/request/fields.ts";

/** A form's words for a flag. */
const formFlag = unsettable(z.enum(["true", "false", "1", "0"]));
const temperature = z.string().regex(/^\d{1,3}(\.\d{1,9})?$/, "must be a number from 0 to 1");
const noTimes = "times of words and segments are not known here: ask for json, text or verbose_json without them";

const file = z
  .custom<{ readonly name: string; readonly type: string; readonly data: Buffer }>(
    (value) => typeof value === "object" && value !== null && "data" in value,
    "must be a sound file: wav, mp3 or flac",
  )
  .meta({ type: "string", format: "binary" });

/** The form of POST /v1/audio/transcriptions. */
export const transcriptionRequestSchema = z.object({
  file,
  model: text,
  language: unsettable(z.string().regex(/^[\w -]{1,64}$/, "must be a language, such as en or Japanese")),
  prompt: text,
  response_format: unsettable(z.enum(["json", "text", "verbose_json"])),
  temperature: unsettable(temperature),
  stream: formFlag,
  timestamp_granularities: unsupported(noTimes),
  include: unsupported("log-probabilities of transcriptions are not served: leave include out"),
  chunking_strategy: unsupported("sound is heard as a whole: leave chunking_strategy out", z.literal("auto")),
  known_speaker_names: unsupported("speakers are not told apart"),
  known_speaker_references: unsupported("speakers are not told apart"),
});

export type TranscriptionRequestBody = z.infer<typeof transcriptionRequestSchema>;

export const wantsStream = ({ stream }: Pick<TranscriptionRequestBody, "stream">) =>
  stream === "true" || stream === "1";
