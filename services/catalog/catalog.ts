import { type FSWatcher, mkdirSync, watch } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { Logger } from "pino";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import { ModelOrigin } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import { type ModelSettings, modelSettingsSchema } from "../../settings/settings.ts";
import { splitFiles } from "../models/split-files.ts";
import type { ModelPool } from "../pool/model-pool.ts";
import type { ServedModel } from "../pool/roster.ts";
import { receiptOf, scanFolder } from "./scan-folder.ts";

/** What the configuration says of models. */
export interface CatalogConfig {
  readonly models: readonly ModelSettings[];
  /** What models of the folder have beside their file. */
  readonly folderModel: Readonly<Record<string, unknown>>;
}

export interface CatalogOptions extends CatalogConfig {
  /** `models_dir`; undefined: only what was pulled is found, in the folder for that. */
  readonly folder: string | undefined;
  readonly log: Logger;
}

/** A file that is being copied changes many times. */
const quietMs = 300;

/** Where pulled models are kept when `models_dir` names no folder. */
const defaultFolder = join(homedir(), ".cache", "tokenwire", "models");

/**
 * Which models there are: those of the configuration, and those in the folder, where the configuration's come first and
 * keep their names. Tells the pool whenever that changes.
 */
export class Catalog {
  /** Where pulled models go. */
  readonly folder: string;
  readonly #options: CatalogOptions;
  #config: CatalogConfig;
  #pool: ModelPool | undefined;
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #faults = new Set<string>();

  constructor(options: CatalogOptions) {
    this.#options = options;
    this.#config = options;
    this.folder = options.folder ?? defaultFolder;
  }

  /** All models as they are now. */
  models(): ServedModel[] {
    const configured = this.#config.models.map((settings) => ({ settings, origin: ModelOrigin.CONFIG }));
    const taken = new Set(configured.map(({ settings }) => settings.model_alias));
    return [...configured, ...this.#found().filter(({ settings }) => !taken.has(settings.model_alias))];
  }

  /** Tells the pool of every change from now on. */
  attach(pool: ModelPool): void {
    this.#pool = pool;
    if (this.#options.folder === undefined) return;
    try {
      mkdirSync(this.folder, { recursive: true });
      this.#watcher = watch(this.folder, { recursive: true, persistent: false }, () => this.#refreshSoon());
      this.#watcher.on("error", (error) => this.#options.log.warn(`${this.folder} is not watched: ${error.message}`));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#options.log.warn(`${this.folder} is not watched (${why}): send SIGHUP when its models have changed`);
    }
  }

  /** The configuration was read again. */
  configure(config: CatalogConfig): void {
    this.#config = config;
    this.refresh();
  }

  /** Looks into the folder again. */
  refresh(): void {
    this.#pool?.serve(this.models());
  }

  /** The name and place of a model that is to be pulled. Throws INVALID_PARAMETER. */
  placeFor(id: string): string {
    const parts = id.split("/");
    if (id === "" || id.length > 200 || parts.some((part) => !/^[\w][\w.+:@-]*$/.test(part) || part.includes("..")))
      throw new RpcError(
        ErrorReason.INVALID_PARAMETER,
        `${JSON.stringify(id.slice(0, 100))} cannot be the name of a model: use letters, digits and ._-+:@, with / between parts`,
        { param: "id" },
      );
    return `${join(this.folder, ...parts)}.gguf`;
  }

  /** A pulled model is whole: it is served from now on. `source`: where it came from. */
  async add(place: string, source: Readonly<Record<string, unknown>>): Promise<void> {
    await writeFile(receiptOf(place), JSON.stringify(source, undefined, 2));
    this.refresh();
  }

  /** Deletes a pulled model's files. It is not served any more, but its process may still finish what runs. */
  async delete(path: string): Promise<void> {
    for (const part of splitFiles(path)) await rm(part, { force: true });
    await rm(receiptOf(path), { force: true });
    this.refresh();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#watcher?.close();
  }

  #refreshSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(), quietMs);
    this.#timer.unref();
  }

  #found(): ServedModel[] {
    const { models, faults } = scanFolder(this.folder);
    for (const fault of faults) if (!this.#faults.has(fault)) this.#options.log.warn(`not served: ${fault}`);
    this.#faults = new Set(faults);
    return models.flatMap(({ id, path, projector, pulled, stamp }) => {
      if (this.#options.folder === undefined && !pulled) return [];
      const settings = this.#settings({ id, path, projector });
      return settings === undefined
        ? []
        : [{ settings, origin: pulled ? ModelOrigin.PULLED : ModelOrigin.FOLDER, stamp }];
    });
  }

  #settings(found: { readonly id: string; readonly path: string; readonly projector: string | undefined }) {
    const { id, path, projector } = found;
    // Its projector is used where this build of Tokenwire serves images.
    const vision = projector !== undefined && "clip_model_path" in modelSettingsSchema.shape;
    const parsed = modelSettingsSchema.safeParse({
      ...this.#config.folderModel,
      model: path,
      model_alias: id,
      ...(vision && { clip_model_path: projector }),
    });
    if (!parsed.success)
      this.#options.log.warn(`not served: ${basename(path)} in ${dirname(path)}: ${parsed.error.message}`);
    return parsed.data;
  }
}
