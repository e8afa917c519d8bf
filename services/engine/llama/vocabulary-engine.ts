import { ErrorReason, RpcError } from "../../../clients/errors.ts";
import type { Engine, EngineEvent, EngineInfo, EngineStats, TokenizeOptions } from "../engine.ts";
import { idleStats } from "./llama-engine.ts";
import type { Model } from "./native/model.ts";

/**
 * The Engine over a model of which the vocabulary alone is loaded: it tokenizes. llama.cpp would make a context for such
 * a model too, and end the process at its first decode; so there is none.
 */
export class VocabularyEngine implements Engine {
  readonly info: EngineInfo;
  readonly #model: Model;
  #closed: Promise<void> | undefined;

  constructor(model: Model, info: EngineInfo) {
    this.#model = model;
    this.info = info;
  }

  tokenize(text: string, options: TokenizeOptions): Promise<Int32Array> {
    return this.#model.vocabulary.tokenize(text, options);
  }

  tokenizeMedia(): Promise<never> {
    return Promise.reject(noWeights());
  }

  tokenBytes(token: number, { special = false }: { readonly special?: boolean } = {}): Uint8Array {
    return this.#model.vocabulary.piece(token, special);
  }

  // oxlint-disable-next-line require-yield -- the interface's words for "refused"
  async *generate(): AsyncGenerator<EngineEvent> {
    throw noWeights();
  }

  embed(): Promise<never> {
    return Promise.reject(noWeights());
  }

  rank(): Promise<never> {
    return Promise.reject(noWeights());
  }

  score(): Promise<never> {
    return Promise.reject(noWeights());
  }

  adapters(): [] {
    return [];
  }

  setAdapters(): void {}

  changeSlot(): Promise<never> {
    return Promise.reject(noWeights());
  }

  slots(): [] {
    return [];
  }

  stats(): EngineStats {
    return idleStats;
  }

  onStats(): () => void {
    return () => {};
  }

  close(): Promise<void> {
    // What is freed twice ends the process.
    return (this.#closed ??= this.#model.free());
  }
}

function noWeights(): RpcError {
  return new RpcError(ErrorReason.INVALID_PARAMETER, "this model has no weights, it can only tokenize (vocab_only)", {
    param: "model",
  });
}
