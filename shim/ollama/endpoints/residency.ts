import type { CallOptions } from "../../../clients/create-client.ts";
import type { DialectDeps } from "../../dialect/deps.ts";
import type { Exchange } from "../../dialect/dialect.ts";
import { keepAliveSeconds } from "../keep-alive.ts";
import { toModelId } from "../model-name.ts";
import type { OllamaChatRequest } from "../schema/chat-request.ts";

type Residing = Exchange<Pick<OllamaChatRequest, "model" | "keep_alive">>;

/**
 * A request without a prompt: it brings the model into memory, and with `keep_alive` 0 it takes it out. `empty` is the
 * answer's place for a text.
 */
export async function residencyAnswer({ client }: DialectDeps, exchange: Residing, empty: object): Promise<object> {
  const { body, call } = exchange;
  const unloads = keepAlive(exchange) === "none";
  const id = await idOf({ client }, exchange);
  if (unloads) await client.models.unloadModel({ id }, call);
  // Its stream ends when the model is there.
  else for await (const _ of client.models.loadModel({ id }, call));
  const done_reason = unloads ? "unload" : "load";
  return { model: body.model, created_at: new Date().toISOString(), ...empty, done: true, done_reason };
}

/** What a request wants of the model afterwards; any other time than none is the model's setting, and named as such. */
export function keepAlive({ body, warn }: Residing): "none" | "as configured" {
  const seconds = keepAliveSeconds(body.keep_alive);
  if (seconds === 0) return "none";
  if (seconds !== undefined)
    warn('field "keep_alive" has no effect: how long a model stays is its setting (ttl); 0 unloads it');
  return "as configured";
}

/** Hands an answer's lines on, and takes the model out of memory behind the last one where that is asked for. */
export async function* unloadingAfter<T>(
  deps: Pick<DialectDeps, "client">,
  exchange: Residing,
  lines: AsyncIterable<T>,
): AsyncGenerator<T, void, void> {
  const unloads = keepAlive(exchange) === "none";
  yield* lines;
  if (!unloads) return;
  // Nobody waits for it: the answer is complete, and others' answers may still run.
  void idOf(deps, exchange)
    .then((id) => deps.client.models.unloadModel({ id }, { ...exchange.call, signal: undefined }))
    .catch(() => undefined);
}

/** The model that a name means, which may be an alias. */
export async function modelIdOf(
  { client }: Pick<DialectDeps, "client">,
  name: string,
  call: CallOptions,
): Promise<string> {
  const { models } = await client.models.listModels({}, call);
  const asked = toModelId(name);
  if (models.some(({ id }) => id === asked)) return asked;
  return (await client.inference.describeModel({ model: asked }, call)).model;
}

function idOf(deps: Pick<DialectDeps, "client">, { body: { model }, call }: Residing): Promise<string> {
  return modelIdOf(deps, model, { ...call, signal: undefined });
}
