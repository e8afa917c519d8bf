import type { ChatRequestSchema } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import type { CallOptions } from "../../clients/create-client.ts";
import type { Init, ShimClient } from "../dialect/deps.ts";
import type { Exchange } from "../dialect/dialect.ts";
import { fitTurns, isTooLong } from "./fit-turns.ts";
import { type ResponseEvent, responseEvents } from "./from-proto/response-events.ts";
import type { ResponseObject } from "./from-proto/response.ts";
import { type Gathered, gatherItems, type Library } from "./library.ts";
import { withOwnParam } from "./own-param.ts";
import type { ResponseRequestBody } from "./schema/response-request.ts";
import { countToProto, responseToProto, turnsOf } from "./to-proto/chat.ts";
import type { Turn } from "./to-proto/items.ts";
import { type OwnTool, shownTools } from "./to-proto/tools.ts";

/** A request that is understood, with all that it refers to. */
export interface Prepared {
  readonly request: ResponseRequestBody;
  readonly gathered: Gathered;
  readonly turns: readonly Turn[];
}

/** Looks up what a request refers to and checks it. Throws the caller's error. */
export async function prepare(library: Library, caller: string, request: ResponseRequestBody): Promise<Prepared> {
  const gathered = await gatherItems(library, caller, request);
  const turns = turnsOf(request, [...gathered.earlier, ...gathered.own]);
  responseToProto(request, turns);
  return { request, gathered, turns };
}

interface Telling {
  readonly client: ShimClient;
  readonly call: CallOptions;
  readonly noted: Exchange["noted"];
  /** Unset: errors are thrown, also late. */
  readonly facts: Exchange["facts"] | undefined;
}

/** Asks the service, and tells its answer as events about `response`. */
export function tellResponse(
  { request, turns }: Prepared,
  response: ResponseObject,
  telling: Telling,
): AsyncIterable<ResponseEvent> {
  const own = new Map(shownTools(request).map(({ init, own }) => [init.name, own]));
  const include = request.include ?? [];
  return responseEvents(answer(request, turns, telling), response, {
    reasoning: {
      asSummary: request.reasoning?.summary != null,
      sealed: include.includes("reasoning.encrypted_content"),
    },
    toolOf: (name): OwnTool => own.get(name) ?? { kind: "function", name, namespace: undefined },
    facts: telling.facts,
  });
}

/** The service's events; what does not fit is asked for again with less, where the request allows that. */
async function* answer(request: ResponseRequestBody, turns: readonly Turn[], { client, call, noted }: Telling) {
  const ask = (these: readonly Turn[]): Init<typeof ChatRequestSchema> => responseToProto(request, these);
  try {
    yield* noted(client.inference.chat(ask(turns), call));
  } catch (error) {
    if (request.truncation !== "auto" || !isTooLong(error)) throw withOwnParam(error, request, turns);
    const fits = await createFits(request, client, call);
    const fitted = await fitTurns(turns, { fits, error: withOwnParam(error, request, turns) });
    yield* noted(client.inference.chat(ask(fitted), call));
  }
}

/** Tells what fits into the model's context with room for an answer. */
async function createFits(request: ResponseRequestBody, client: ShimClient, call: CallOptions) {
  const { models } = await client.models.listModels({}, call);
  const named = models.filter(({ id }) => id === request.model);
  // Which one an alias means is not known here: what fits into the smallest fits.
  const candidates = request.model == null ? models.slice(0, 1) : named.length > 0 ? named : models;
  const contexts = candidates.flatMap(({ details }) => (details ? [details.contextLength] : []));
  const context = Math.min(...contexts);
  // Who allows an answer as long as the context does not want a conversation without anything in it.
  const answer = Math.max(1, Math.min(request.max_output_tokens ?? 1, Math.floor(context / 4)));
  const room = context - answer;
  return async (turns: readonly Turn[]): Promise<boolean> => {
    const { tokens } = await client.inference.countTokens(countToProto(request, turns), call);
    return tokens <= room;
  };
}
