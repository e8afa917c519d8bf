import { z } from "zod";
import { ErrorReason, invalidParameter, RpcError } from "../../../clients/errors.ts";
import { type Answer, type Endpoint, endpoint, type Exchange } from "../../dialect/dialect.ts";
import { named } from "../../dialect/docs/endpoint-docs.ts";
import { responseSchema } from "../from-proto/response.ts";
import { type Library, notFound, requireStored } from "../library.ts";
import { namedEventsThenDone } from "../../dialect/stream-format.ts";

const docs = { tag: "Responses", params: { id: "The response's id." } };

/** GET /v1/responses/{id}, also one that is still being made; with ?stream=true its events, from one on. */
export function getResponse(library: Library): Endpoint {
  return endpoint({
    method: "get",
    path: "/v1/responses/:id",
    summary: "A stored response",
    operationId: "getResponse",
    ...docs,
    query: {
      stream: "true: the events of a response made in the background.",
      starting_after: "The number of the last event that was seen.",
    },
    result: responseSchema,
    async answer(exchange) {
      const { caller, param, query } = exchange;
      const run = library.runs.get(caller, param("id"));
      if (query("stream") === "true") return eventsOf(library, exchange);
      return { json: run?.response ?? (await requireStored(library, caller, param("id"))).response };
    },
  });
}

async function eventsOf(library: Library, { caller, param, query, call }: Exchange): Promise<Answer> {
  const after = numberFrom(query("starting_after"), "starting_after", { min: 0, max: 2 ** 31 });
  const start = after === undefined ? 0 : after + 1;
  const run = library.runs.get(caller, param("id"));
  if (run !== undefined) return { stream: run.log.from(start, call.signal), format: namedEventsThenDone };
  const { events } = await requireStored(library, caller, param("id"));
  if (events === undefined) {
    const message = "stream: only the events of a response made with background: true are kept";
    throw new RpcError(ErrorReason.UNSUPPORTED_PARAMETER, message, { param: "stream" });
  }
  return { stream: toAsync(events.slice(start)), format: namedEventsThenDone };
}

async function* toAsync<T>(values: readonly T[]): AsyncGenerator<T, void, void> {
  yield* values;
}

/** DELETE /v1/responses/{id} */
export function deleteResponse(library: Library): Endpoint {
  return endpoint({
    method: "delete",
    path: "/v1/responses/:id",
    summary: "Forget a stored response",
    operationId: "deleteResponse",
    ...docs,
    result: named(
      "DeletedResponse",
      z.strictObject({ id: z.string(), object: z.literal("response"), deleted: z.literal(true) }),
    ),
    async answer({ caller, param }) {
      const id = param("id");
      const run = library.runs.get(caller, id);
      run?.discard();
      const isDeleted = run !== undefined || (await library.store?.delete(caller, id));
      if (isDeleted !== true) throw notFound(id);
      return { json: { id, object: "response", deleted: true } };
    },
  });
}

/** POST /v1/responses/{id}/cancel; one that has ended stays as it is. */
export function cancelResponse(library: Library): Endpoint {
  return endpoint({
    method: "post",
    path: "/v1/responses/:id/cancel",
    summary: "Stop a response that is being made in the background",
    operationId: "cancelResponse",
    ...docs,
    result: responseSchema,
    async answer({ caller, param }) {
      const run = library.runs.get(caller, param("id"));
      if (run !== undefined) {
        run.cancel();
        return { json: run.response };
      }
      const { response } = await requireStored(library, caller, param("id"));
      if (response.background) return { json: response };
      throw invalidParameter(
        "id",
        "only a response made with background: true can be cancelled: leave the others' streams",
      );
    },
  });
}

const defaultLimit = 20;
const maxLimit = 100;

/** GET /v1/responses/{id}/input_items: the items of the request, the last first unless order=asc. */
export function listInputItems(library: Library): Endpoint {
  return endpoint({
    method: "get",
    path: "/v1/responses/:id/input_items",
    summary: "The input items of a stored response",
    operationId: "listInputItems",
    ...docs,
    query: {
      limit: "Maximum number of items; 20 by default.",
      order: "desc (the default): the last first; or asc.",
      after: "The id of the item before the first.",
    },
    result: named(
      "ResponseItemList",
      z.strictObject({
        object: z.literal("list"),
        data: z.array(z.record(z.string(), z.unknown())),
        first_id: z.string().nullable(),
        last_id: z.string().nullable(),
        has_more: z.boolean(),
      }),
    ),
    async answer({ caller, param, query }) {
      const limit = numberFrom(query("limit"), "limit", { min: 1, max: maxLimit }) ?? defaultLimit;
      const order = query("order") ?? "desc";
      if (order !== "asc" && order !== "desc") throw invalidParameter("order", 'order must be "asc" or "desc"');
      const { input } = await requireStored(library, caller, param("id"));
      const items = order === "asc" ? input : input.toReversed();
      const after = query("after");
      const from = after === undefined ? 0 : items.findIndex(({ id }) => id === after) + 1;
      const data = items.slice(from, from + limit);
      return {
        json: {
          object: "list",
          data,
          first_id: data[0]?.id ?? null,
          last_id: data.at(-1)?.id ?? null,
          has_more: from + limit < items.length,
        },
      };
    },
  });
}

function numberFrom(
  text: string | undefined,
  param: string,
  { min, max }: { readonly min: number; readonly max: number },
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= min && value <= max) return value;
  throw invalidParameter(
    param,
    `${param} must be an integer from ${min} to ${max}; got ${JSON.stringify(text.slice(0, 40))}`,
  );
}
