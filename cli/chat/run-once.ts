import type { Environment } from "../../config/config.ts";
import { ConfigError, StartError } from "../../config/config-error.ts";
import { FinishReason } from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import { Role } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import { connect, describeFailure } from "../remote/server-access.ts";
import { createAnswerWriter } from "./answer-writer.ts";
import { textMessage, textPart, withFiles } from "./conversation.ts";
import type { RunCommand } from "./parse-chat.ts";
import { mediaKind, readMediaFile } from "./read-media-file.ts";
import { readTextFile, readTextStream } from "./read-text-file.ts";
import { type Answer, emptyAnswer, streamAnswer, whyCutOff } from "./stream-answer.ts";

export interface RunIo {
  /** undefined: nothing is piped in. */
  readonly stdin: AsyncIterable<Uint8Array | string> | undefined;
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** Aborted by Ctrl+C. */
  readonly signal: AbortSignal;
  readonly env: Environment;
}

/** Writes one answer to stdout. Throws StartError with a sentence when there is none. */
export async function runOnce(command: RunCommand, io: RunIo): Promise<void> {
  const { server, model, system, generation, json } = command;
  const named = command.files.map((path) => ({ path, kind: mediaKind(path) }));
  const texts = named.flatMap(({ path, kind }) => (kind === undefined ? [path] : []));
  const files = await Promise.all(texts.map(async (path) => ({ path, text: await readTextFile(path) })));
  const media = await Promise.all(
    named.flatMap(({ path, kind }) => (kind === undefined ? [] : [readMediaFile(kind, path)])),
  );
  const piped = io.stdin === undefined ? "" : (await readTextStream(io.stdin)).trimEnd();
  const prompt = withFiles([command.prompt ?? "", piped].filter((text) => text !== "").join("\n\n"), files);
  if (prompt === "" && media.length === 0)
    throw new ConfigError(['run has no prompt: tokenwire run MODEL "PROMPT", or pipe one in']);
  const messages = [
    ...(system === undefined ? [] : [textMessage(Role.SYSTEM, system)]),
    { role: Role.USER, content: [...media, ...(prompt === "" ? [] : [textPart(prompt)])] },
  ];
  const terminal = !json && io.stdout.isTTY === true;
  const output = json ? { write() {} } : io.stdout;
  const writer = createAnswerWriter(output, { terminal, color: terminal && !io.env["NO_COLOR"] });
  const answer = emptyAnswer();
  const client = connect(server);
  try {
    await streamAnswer(client, { model, messages, options: generation }, { answer, writer, signal: io.signal });
  } catch (error) {
    if (io.signal.aborted) throw new StartError("the answer was stopped", { cause: error });
    throw describeFailure(error, server);
  } finally {
    client.close();
  }
  if (json) io.stdout.write(`${JSON.stringify(toJson(answer))}\n`);
  const why = whyCutOff(answer);
  if (why !== undefined) io.stderr.write(`${why}\n`);
}

const reasons: Readonly<Record<FinishReason, string>> = {
  [FinishReason.UNSPECIFIED]: "unknown",
  [FinishReason.STOP]: "stop",
  [FinishReason.LENGTH]: "length",
  [FinishReason.TOOL_CALLS]: "tool_calls",
  [FinishReason.INTERRUPTED]: "interrupted",
  [FinishReason.CONTEXT_FULL]: "context_full",
};

function toJson({ model, text, reasoning, finished }: Answer): object {
  const { usage, timings, reason } = finished ?? {};
  return {
    model,
    text,
    ...(reasoning !== "" && { reasoning }),
    finish_reason: reasons[reason ?? FinishReason.UNSPECIFIED],
    prompt_tokens: usage?.promptTokens,
    cached_tokens: usage?.cachedTokens,
    completion_tokens: usage?.completionTokens,
    prefill_ms: timings?.prefillMs,
    decode_ms: timings?.decodeMs,
  };
}
