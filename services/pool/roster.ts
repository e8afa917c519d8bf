import { isDeepStrictEqual } from "node:util";
import { ModelOrigin } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { ModelSettings } from "../../settings/settings.ts";

/** A model that is served. */
export interface ServedModel {
  readonly settings: ModelSettings;
  readonly origin: ModelOrigin;
  /** Of a file in a folder, what changes with its contents. */
  readonly stamp?: string;
}

/**
 * The models that are served, in the order of the configuration, and what is to become of those that must leave memory
 * first.
 */
export class Roster {
  #models: Map<string, ServedModel>;
  /** undefined: it is to be no more. */
  readonly #changes = new Map<string, ServedModel | undefined>();

  constructor(models: readonly ServedModel[]) {
    this.#models = new Map(models.map((model) => [model.settings.model_alias, model]));
  }

  /** All that are there, those that are going too. */
  get all(): string[] {
    return [...this.#models.keys()];
  }

  /** The names of the models that are served, the default one first. */
  get ids(): string[] {
    return this.all.filter((id) => !this.#isGoing(id));
  }

  has(id: string): boolean {
    return this.#models.has(id);
  }

  settings(id: string): ModelSettings | undefined {
    return this.#models.get(id)?.settings;
  }

  origin(id: string): ModelOrigin {
    return this.#models.get(id)?.origin ?? ModelOrigin.CONFIG;
  }

  /** Whether the model is there in this way already. */
  isAs({ settings, stamp }: ServedModel): boolean {
    const known = this.#models.get(settings.model_alias);
    return isDeepStrictEqual(known?.settings, settings) && known?.stamp === stamp;
  }

  /** Models from folders come with their first request: nobody has said which of them are to be there. */
  staysLoaded(id: string): boolean {
    return this.has(id) && this.settings(id)?.ttl === undefined && this.origin(id) === ModelOrigin.CONFIG;
  }

  /** The model is there from now on, as it is given, and nothing is to become of it. */
  set(model: ServedModel): void {
    const id = model.settings.model_alias;
    this.#models.set(id, model);
    this.#changes.delete(id);
  }

  /** What is to become of a model when it has left memory; undefined: it is to be no more. */
  plan(id: string, to: ServedModel | undefined): void {
    this.#changes.set(id, to);
  }

  hasPlan(id: string): boolean {
    return this.#changes.has(id);
  }

  /** The model has left memory: it becomes what was planned, which is returned, or is gone. */
  complete(id: string): ServedModel | undefined {
    const to = this.#changes.get(id);
    this.#changes.delete(id);
    if (to === undefined) this.#models.delete(id);
    else this.#models.set(id, to);
    return to;
  }

  /** The order from now on; those that it does not name come last. */
  sort(order: readonly string[]): void {
    const rank = (id: string) => (order.includes(id) ? order.indexOf(id) : order.length);
    this.#models = new Map([...this.#models].sort(([a], [b]) => rank(a) - rank(b)));
  }

  #isGoing(id: string): boolean {
    return this.#changes.has(id) && this.#changes.get(id) === undefined;
  }
}
