import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import { PromptEnd, Role } from "../../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Answer, type Endpoint, endpoint, type Exchange } from "../../dialect/dialect.ts";
import { jsonLines } from "../../dialect/stream-format.ts";
import { ollamaGenerateSchema } from "../answers.ts";
import { explain } from "../explain.ts";
import { Stopwatch } from "../from-proto/durations.ts";
import { collectGeneration, generateChunks, type GenerateInfo } from "../from-proto/generate-chunks.ts";
import { renameParam } from "../../dialect/request/rename-param.ts";
import { toModelId } from "../model-name.ts";
import { generateRequestSchema, type OllamaGenerateRequest } from "../schema/generate-request.ts";
import { generationWithoutEffect } from "../schema/options.ts";
import { contentToProto, type MessageInit } from "../to-proto/messages.ts";
import { formatToProto, optionsToProto, thinkToProto } from "../to-proto/options.ts";
import { residencyAnswer, unloadingAfter } from "./residency.ts";
import { requireThinking } from "./require-thinking.ts";

type Generation = Exchange<OllamaGenerateRequest>;

/** POST /api/generate: a conversation of one question, the prompt as it is (`raw`), or what belongs before a `suffix`. */
export function generate(deps: DialectDeps): Endpoint {
  return endpoint({
    method: "post",
    path: "/api/generate",
    summary: "Answer a prompt (Ollama)",
    body: generateRequestSchema,
    takesMedia: true,
    withoutEffect: generationWithoutEffect,
    example: { model: "my-model", prompt: "Why is the sky blue?" },
    result: ollamaGenerateSchema,
    chunk: ollamaGenerateSchema,
    streamType: jsonLines.contentType,
    streams: true,
    // There is one message with pictures: the question.
    explain: (error) => renameParam(explain(error), (param) => param.replace(/^messages\[\d+\]\.(?=images)/, "")),
    answer: (exchange) => answer(deps, exchange),
  });
}

async function answer(deps: DialectDeps, exchange: Generation): Promise<Answer> {
  const { body } = exchange;
  const watch = new Stopwatch();
  if (!body.prompt && !body.suffix && !body.images?.length)
    return { json: await residencyAnswer(deps, exchange, { response: "" }) };
  await requireThinking(deps, exchange);
  const { events, contextOf } = await begin(deps, exchange);
  const lines = unloadingAfter(deps, exchange, generateChunks(events, { model: body.model, watch, contextOf }));
  if (body.stream === false) return { json: await collectGeneration(lines) };
  return { stream: lines, format: jsonLines };
}

interface Begun extends Pick<GenerateInfo, "contextOf"> {
  readonly events: Parameters<typeof generateChunks>[0];
}

async function begin(deps: DialectDeps, exchange: Generation): Promise<Begun> {
  const { body } = exchange;
  if (body.raw === true) {
    const stranger = (["system", "context"] as const).find((field) => body[field] != null && body[field] !== "");
    if (stranger !== undefined)
      throw invalidParameter(stranger, `${stranger} has no place in a raw prompt: leave one of them out`);
  }
  if (body.images?.length) refuseBeside(body);
  if (body.raw === true || body.suffix) return completion(deps, exchange);
  return body.context == null || body.context.length === 0
    ? conversation(deps, exchange)
    : continuation(deps, exchange, body.context);
}

/** Where pictures have no place: before a suffix, and behind tokens. */
function refuseBeside({ suffix, context }: OllamaGenerateRequest): void {
  const field = suffix ? "suffix" : context?.length ? "context" : undefined;
  if (field === undefined) return;
  const message = `images have no place beside ${field}: leave one of them out, or ask /api/chat`;
  throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param: "images" });
}

/** The prompt as it is, or before a suffix. */
function completion({ client }: DialectDeps, { body, call, noted }: Generation): Begun {
  const request = {
    model: toModelId(body.model),
    prompt: { kind: promptOf(body) },
    suffix: body.suffix || undefined,
    responseFormat: formatToProto(body.format),
    options: lengthened(body),
  };
  return { events: noted(client.inference.complete(request, call)), contextOf: async () => undefined };
}

function promptOf({ prompt, images }: OllamaGenerateRequest) {
  if (!images?.length) return { case: "text" as const, value: prompt ?? "" };
  return { case: "parts" as const, value: { parts: contentToProto({ content: prompt, images }) } };
}

/** One question of a conversation that this request begins. */
function conversation(deps: DialectDeps, { body, call, noted }: Generation): Begun {
  const request = {
    model: toModelId(body.model),
    messages: questionOf(body),
    responseFormat: formatToProto(body.format),
    options: lengthened(body),
    reasoning: thinkToProto(body.think),
  };
  return {
    events: noted(deps.client.inference.chat(request, call)),
    contextOf: async (response) => {
      // Pictures are not tokens to go on from.
      if (body.images?.length) return undefined;
      const text = await closedText(deps, { body, call }, response);
      return tokensOf(deps, { body, call }, text, true);
    },
  };
}

/** The next question of a conversation that an earlier answer gave the tokens of. */
async function continuation(
  deps: DialectDeps,
  { body, call, noted }: Generation,
  context: readonly number[],
): Promise<Begun> {
  const model = toModelId(body.model);
  const { prompt } = await deps.client.inference.applyTemplate({ model, messages: questionOf(body) }, call);
  const tokens = [...context, ...(await tokensOf(deps, { body, call }, prompt, false))];
  const request = {
    model,
    prompt: { kind: { case: "tokens" as const, value: { tokens } } },
    responseFormat: formatToProto(body.format),
    options: lengthened(body),
  };
  return {
    events: noted(deps.client.inference.complete(request, call)),
    contextOf: async (response) => {
      const text = await closedText(deps, { body, call }, response);
      return [...context, ...(await tokensOf(deps, { body, call }, text, false))];
    },
  };
}

/** A prompt that is too long loses its beginning (Ollama), unless `truncate` is false. */
function lengthened(body: OllamaGenerateRequest) {
  return { ...optionsToProto(body), truncation: body.truncate === false ? undefined : {} };
}

function questionOf({ system, prompt, images }: OllamaGenerateRequest, response?: string): MessageInit[] {
  const said = (role: Role, value: string): MessageInit => ({ role, content: [{ part: { case: "text", value } }] });
  return [
    ...(system ? [said(Role.SYSTEM, system)] : []),
    { role: Role.USER, content: contentToProto({ content: prompt, images }) },
    ...(response === undefined ? [] : [said(Role.ASSISTANT, response)]),
  ];
}

type Asking = Pick<Generation, "body" | "call">;

/** Question and answer as the template writes them, the answer closed where the template can leave it at that. */
async function closedText({ client }: DialectDeps, { body, call }: Asking, response: string): Promise<string> {
  const write = (messages: MessageInit[], promptEnd: PromptEnd) =>
    client.inference.applyTemplate({ model: toModelId(body.model), messages, promptEnd }, call);
  try {
    return (await write(questionOf(body, response), PromptEnd.CLOSED)).prompt;
  } catch {
    return (await write(questionOf(body), PromptEnd.NEW_TURN)).prompt + response;
  }
}

async function tokensOf(
  { client }: DialectDeps,
  { body, call }: Asking,
  text: string,
  addSpecial: boolean,
): Promise<number[]> {
  const request = { model: toModelId(body.model), text, addSpecial, parseSpecial: true };
  return (await client.inference.tokenize(request, call)).tokens;
}
