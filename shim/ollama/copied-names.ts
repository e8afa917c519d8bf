import { invalidParameter } from "../../clients/errors.ts";
import type { ShimClient } from "../dialect/deps.ts";
import { toModelId } from "./model-name.ts";

/** More than anybody gives by hand; strangers may give them too. */
const maxNames = 1_000;

/** Other names of models that callers gave them by /api/copy: a copy of a model is a name here, until the server ends. */
export class CopiedNames {
  readonly #ids = new Map<string, string>();

  /** Throws INVALID_PARAMETER when there are too many. */
  add(name: string, id: string): void {
    if (!this.#ids.has(name) && this.#ids.size >= maxNames)
      throw invalidParameter("destination", `destination: ${maxNames} copies are there already: delete some`);
    this.#ids.set(name, id);
  }

  /** Whether it was there. */
  remove(name: string): boolean {
    return this.#ids.delete(name);
  }

  /** The model that a name was given to; any other name as it is. */
  idOf(name: string): string {
    return this.#ids.get(toModelId(name)) ?? name;
  }

  namesOf(id: string): string[] {
    return [...this.#ids].filter(([, meant]) => meant === id).map(([name]) => name);
  }
}

/** The client for requests that may name a model by one of `names`. */
export function namingClient(client: ShimClient, names: CopiedNames): ShimClient {
  const { inference, models } = client;
  const named = <T extends { readonly model?: string }>(request: T): T => ({
    ...request,
    ...(request.model !== undefined && { model: names.idOf(request.model) }),
  });
  const withId = <T extends { readonly id?: string }>(request: T): T => ({
    ...request,
    ...(request.id !== undefined && { id: names.idOf(request.id) }),
  });
  return {
    inference: {
      ...inference,
      chat: (request, options) => inference.chat(named(request), options),
      complete: (request, options) => inference.complete(named(request), options),
      embed: (request, options) => inference.embed(named(request), options),
      tokenize: (request, options) => inference.tokenize(named(request), options),
      applyTemplate: (request, options) => inference.applyTemplate(named(request), options),
      describeModel: (request, options) => inference.describeModel(named(request), options),
    },
    models: {
      ...models,
      getModel: (request, options) => models.getModel(withId(request), options),
      loadModel: (request, options) => models.loadModel(withId(request), options),
      unloadModel: (request, options) => models.unloadModel(withId(request), options),
    },
  };
}
