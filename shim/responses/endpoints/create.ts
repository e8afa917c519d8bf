import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import { type Answer, type Endpoint, endpoint, type Exchange } from "../../dialect/dialect.ts";
import { fieldDescriptions as fields } from "../field-descriptions.ts";
import { newResponse, type ResponseObject, responseSchema } from "../from-proto/response.ts";
import { type ResponseEvent, responseEventSchema } from "../from-proto/response-events.ts";
import { errorFacts } from "../../dialect/error-facts.ts";
import type { Library } from "../library.ts";
import { namedEventsThenDone } from "../../dialect/stream-format.ts";
import {
  type ResponseRequestBody,
  responseFieldsWithoutEffect,
  responseRequestSchema,
} from "../schema/response-request.ts";
import { type Prepared, prepare, tellResponse } from "../tell-response.ts";
import { leftOutTools } from "../to-proto/tools.ts";

/** POST /v1/responses */
export function createResponse(deps: DialectDeps, library: Library): Endpoint {
  return endpoint({
    method: "post",
    path: "/v1/responses",
    summary: "Answer a conversation (OpenAI's Responses)",
    operationId: "createResponse",
    tag: "Responses",
    example: { input: "Hello!" },
    result: responseSchema,
    chunk: responseEventSchema,
    body: responseRequestSchema,
    takesMedia: true,
    withoutEffect: responseFieldsWithoutEffect,
    fields,
    streams: true,
    async answer(exchange) {
      const { body, caller } = exchange;
      const isStored = storing(library, body);
      warnOfHints(exchange);
      const prepared = await prepare(library, caller, body);
      const response = newResponse(body, isStored);
      if (body.background === true) return inBackground(deps, library, { exchange, prepared, response });
      const { call, noted } = exchange;
      // Without a stream an error is an answer of its own, however late it comes.
      const facts = body.stream === true ? exchange.facts : undefined;
      const telling = { client: deps.client, call, noted, facts };
      const told = tellResponse(prepared, response, telling);
      const events = isStored ? storedAtEnd(told, { library, caller, prepared }) : told;
      if (body.stream === true) return { stream: events, format: namedEventsThenDone };
      return { json: await lastResponse(events) };
    },
  });
}

/** Whether the response is kept: where the server keeps any, unless the request says not to. */
function storing({ store }: Library, { store: asked, background }: ResponseRequestBody): boolean {
  if (store === undefined && asked === true) throw unsupported("store", "nothing is stored here: use store: false");
  if (background !== true) return store !== undefined && asked !== false;
  if (store === undefined) throw unsupported("background", "background needs a store, and this server has none");
  if (asked === false) throw invalidParameter("store", "background: true needs the response to be stored");
  return true;
}

function unsupported(param: string, message: string): RpcError {
  return new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param });
}

/** Names what is passed on or left out as the model may have it. */
function warnOfHints({ body, warn }: Exchange<ResponseRequestBody>): void {
  if (body.text?.verbosity != null && body.text.verbosity !== "medium")
    warn("text.verbosity is passed to the chat template: it has an effect where the template knows it");
  for (const type of leftOutTools(body)) warn(`the hosted tool ${type} is not served: the model is not offered it`);
}

interface Keeping {
  readonly library: Library;
  readonly caller: string;
  readonly prepared: Prepared;
}

/** Keeps the response before its end is told, so that whoever reads the end can go on from it. */
async function* storedAtEnd(events: AsyncIterable<ResponseEvent>, { library, caller, prepared }: Keeping) {
  for await (const event of events) {
    const response = endOf(event);
    if (response === undefined) {
      yield event;
      continue;
    }
    const input = prepared.gathered.own.map(({ item }) => item);
    const kept = await keep(library, { caller, response, input });
    yield kept ? event : { ...event, response: { ...response, store: false } };
  }
}

/** The whole response, if the event is its end. */
function endOf(event: ResponseEvent): ResponseObject | undefined {
  if (!["response.completed", "response.incomplete", "response.failed"].includes(event.type)) return undefined;
  return event["response"] as ResponseObject;
}

/** An answer that is there is not failed by a full disk: it is not kept then, and says so. */
async function keep({ store }: Library, stored: Parameters<NonNullable<Library["store"]>["put"]>[0]): Promise<boolean> {
  try {
    return (await store?.put(stored)) ?? false;
  } catch {
    return false;
  }
}

async function lastResponse(events: AsyncIterable<ResponseEvent>): Promise<ResponseObject> {
  let last: ResponseObject | undefined;
  for await (const event of events) {
    last = endOf(event) ?? last;
  }
  if (last === undefined) throw new Error("the stream ended before the answer was complete");
  return last;
}

interface Background {
  readonly exchange: Exchange<ResponseRequestBody>;
  readonly prepared: Prepared;
  readonly response: ResponseObject;
}

/** Begins, and answers at once: with the queued response, or with its stream, whose reader may come and go. */
function inBackground(deps: DialectDeps, library: Library, { exchange, prepared, response }: Background): Answer {
  const { caller, call, body } = exchange;
  const run = library.runs.start(caller, response);
  const signal = AbortSignal.any([run.signal, deps.lifecycle.endSignal]);
  const telling = {
    client: deps.client,
    call: { ...call, signal },
    noted: <T>(events: AsyncIterable<T>) => events,
    facts(error: unknown) {
      deps.logger.warn({ err: error, responseId: response.id }, "a response in the background failed");
      return errorFacts(error);
    },
  };
  const work = async () => {
    try {
      for await (const event of tellResponse(prepared, response, telling)) if (!run.signal.aborted) run.note(event);
    } finally {
      const input = prepared.gathered.own.map(({ item }) => item);
      if (!run.isDiscarded) await keep(library, { caller, response: run.response, input, events: run.log.events });
      library.runs.end(response.id);
    }
  };
  // Its errors are told by its events.
  void work().catch(() => {});
  if (body.stream !== true) return { json: response };
  return { stream: run.log.from(0, call.signal), format: namedEventsThenDone };
}
