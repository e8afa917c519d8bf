import { type ChatRequestSchema, Role } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import { invalidParameter } from "../../../clients/errors.ts";
import type { DialectDeps, Init } from "../../dialect/deps.ts";
import { type Endpoint, endpoint } from "../../dialect/dialect.ts";
import { textPart } from "../../dialect/request/media-parts.ts";
import { renameParam } from "../../dialect/request/rename-param.ts";
import { namedEvents } from "../../dialect/stream-format.ts";
import { transcriptionEventSchema, transcriptionSchema } from "../answers/transcription.ts";
import { collectTranscription, transcriptionEvents } from "../from-proto/transcription.ts";
import {
  type TranscriptionRequestBody,
  transcriptionRequestSchema,
  wantsStream,
} from "../schema/transcription-request.ts";

/** What llama-server asks models for; they are not all trained for it, but those that hear follow it. */
const request = "Transcribe audio to text";

/** POST /v1/audio/transcriptions: a chat with one sound and one request, for a model that hears. */
export function transcriptions({ client }: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/v1/audio/transcriptions",
    operationId: "createTranscription",
    tag: "Audio",
    summary: "Write down what a sound says, by a model that hears",
    body: transcriptionRequestSchema,
    isForm: true,
    takesMedia: true,
    result: transcriptionSchema,
    streams: true,
    chunk: transcriptionEventSchema,
    explain,
    async answer({ body, call, noted }) {
      const { response_format: format, language } = body;
      const streams = wantsStream(body);
      if (streams && format != null && format !== "json") {
        throw invalidParameter("response_format", `response_format ${format} cannot be streamed: ask for json`);
      }
      const events = noted(client.inference.chat(toProto(body), call));
      if (streams) return { stream: transcriptionEvents(events), format: namedEvents };
      const { text, usage } = await collectTranscription(events);
      if (format === "text") return { text: `${text}\n` };
      if (format !== "verbose_json") return { json: { text, usage } };
      return { json: { task: "transcribe", ...(language != null && { language }), text, usage } };
    },
  });
}

function toProto(body: TranscriptionRequestBody): Init<typeof ChatRequestSchema> {
  const { file, model, prompt, language, temperature } = body;
  const said = (prompt || request) + (language ? ` (language: ${language})` : "");
  const source = { case: "data" as const, value: file.data };
  return {
    model: model ?? "",
    messages: [{ role: Role.USER, content: [textPart(said), { part: { case: "audio", value: { source } } }] }],
    // A transcription is not to differ from one time to the next, unless that is asked for.
    options: { temperature: Number(temperature ?? 0), ...(wantsStream(body) && { interruptible: true }) },
    reasoning: { enabled: false },
  };
}

/** There is one sound, and it is the form's file. */
function explain(error: unknown): unknown {
  return renameParam(error, (param) => (param.includes(".audio") ? "file" : param));
}
