import { create } from "@bufbuild/protobuf";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import { ModelSchema, ModelState, type Model } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import { fileTime } from "../models/file-time.ts";
import type { ModelChange, ModelSource } from "../models/model-source.ts";
import { detailsToProto, memoryToProto, statsToProto } from "../models/to-proto.ts";
import { Interrupts } from "./interrupts.ts";
import type { LoadedModel } from "./loaded-model.ts";

type Phase =
  | { readonly name: "loading"; readonly progress: number }
  | { readonly name: "resident"; readonly model: LoadedModel }
  | { readonly name: "failed"; readonly reason: ErrorReason; readonly message: string };

/** When a caller who came too early should come again. Most models load within seconds; a wrong guess costs one more call. */
const loadingRetryMs = 1000;

/** The one model of a worker from the start of its load on: what its handlers serve and its watchers see. */
export class ModelHost implements ModelSource {
  readonly id: string;
  readonly interrupts = new Interrupts();
  #created: bigint;
  readonly #listeners = new Set<(id: string, what: ModelChange) => void>();
  #phase: Phase = { name: "loading", progress: 0 };

  /** `created`: seconds since 1970 of the model file's last change. */
  constructor(id: string, created: bigint) {
    this.id = id;
    this.#created = created;
  }

  /** The model, once it is in memory. Throws MODEL_LOADING or MODEL_LOAD_FAILED. */
  loaded(): LoadedModel {
    switch (this.#phase.name) {
      case "resident":
        return this.#phase.model;
      case "loading": {
        const percent = Math.floor(this.#phase.progress * 100);
        const message = `model "${this.id}" is still loading (${percent} %)`;
        throw new RpcError(ErrorReason.MODEL_LOADING, message, { retryAfterMs: loadingRetryMs });
      }
      case "failed":
        throw new RpcError(this.#phase.reason, `model "${this.id}" could not be loaded: ${this.#phase.message}`);
    }
  }

  /** The same for calls that compute. Throws INVALID_PARAMETER when only its vocabulary was loaded. */
  computing(): LoadedModel {
    const model = this.loaded();
    if (!model.settings.vocab_only) return model;
    const message = `model "${this.id}" is loaded with vocab_only: it tokenizes and writes prompts, and has no weights to answer with`;
    throw new RpcError(ErrorReason.INVALID_PARAMETER, message, { param: "model" });
  }

  /** From 0 to 1. */
  onProgress(progress: number): void {
    // A native loader may tell its last progress after the model is there.
    if (this.#phase.name === "loading") this.#enter({ name: "loading", progress });
  }

  onLoaded(model: LoadedModel): void {
    // A file that was downloaded was not there before.
    this.#created = fileTime(model.engine.info.path) || this.#created;
    this.#enter({ name: "resident", model });
    model.engine.onStats(() => this.#changed("stats"));
  }

  /** `reason`: MODEL_LOAD_FAILED, or INSUFFICIENT_MEMORY. */
  onFailed(reason: ErrorReason, message: string): void {
    this.#enter({ name: "failed", reason, message });
  }

  models(): readonly Model[] {
    return [create(ModelSchema, { id: this.id, created: this.#created, ...phaseToProto(this.#phase) })];
  }

  onChange(listener: (id: string, what: ModelChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #enter(phase: Phase): void {
    this.#phase = phase;
    this.#changed("any");
  }

  #changed(what: ModelChange): void {
    for (const listener of this.#listeners) listener(this.id, what);
  }
}

function phaseToProto(phase: Phase) {
  switch (phase.name) {
    case "loading":
      return { state: ModelState.LOADING, loadProgress: phase.progress };
    case "failed":
      return { state: ModelState.FAILED, error: phase.message, errorReason: phase.reason };
    case "resident": {
      const { engine, prompter } = phase.model;
      return {
        state: ModelState.RESIDENT,
        loadProgress: 1,
        details: detailsToProto(engine.info, prompter.source),
        stats: statsToProto(engine.stats()),
        memory: memoryToProto(engine.info.memory),
      };
    }
  }
}
