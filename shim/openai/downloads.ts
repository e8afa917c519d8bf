import { RpcError } from "../../clients/errors.ts";
import { PullModelResponse_Stage as Stage, type PullModelResponse } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { DialectDeps } from "../dialect/deps.ts";

/** What is told of downloads on `/models/sse`, with llama-server's names. */
export interface DownloadEvent {
  readonly model: string;
  readonly event: "download_progress" | "download_finished" | "download_failed";
  readonly data: object;
}

/** What POST /models asks for, as PullModel has it. */
export interface Download {
  readonly source:
    { readonly case: "url"; readonly value: string } | { readonly case: "repository"; readonly value: string };
  readonly file: string;
  readonly sha256: string;
}

/**
 * Reads llama-server's names for what is downloaded: `owner/name`, `owner/name:Q4_K_M`, or the address of a file.
 */
export function parseDownload(model: string, sha256: string): Download {
  if (/^https?:\/\//i.test(model)) return { source: { case: "url", value: model }, file: "", sha256 };
  const [repository = "", tag = ""] = model.split(":");
  return { source: { case: "repository", value: repository }, file: tag === "" ? "" : `*${tag}*.gguf`, sha256 };
}

/** Downloads that go on after the request that began them, until they end or are cancelled. */
export class Downloads {
  readonly #deps: Pick<DialectDeps, "client" | "lifecycle">;
  readonly #running = new Map<string, AbortController>();
  readonly #listeners = new Set<(event: DownloadEvent) => void>();

  constructor(deps: Pick<DialectDeps, "client" | "lifecycle">) {
    this.#deps = deps;
  }

  /** Begins a download; resolves when it is under way, and rejects with what refuses it. One of the same name goes on. */
  async start(model: string, download: Download): Promise<void> {
    if (this.#running.has(model)) return;
    const { client, lifecycle } = this.#deps;
    const stop = new AbortController();
    this.#running.set(model, stop);
    const signal = AbortSignal.any([stop.signal, lifecycle.drainSignal]);
    const messages = client.models.pullModel(download, { signal })[Symbol.asyncIterator]();
    try {
      const first = await messages.next();
      void this.#follow(model, first, messages);
    } catch (error) {
      this.#running.delete(model);
      throw error;
    }
  }

  /** Whether there was one of that name. */
  cancel(model: string): boolean {
    const stop = this.#running.get(model);
    stop?.abort();
    return stop !== undefined;
  }

  /** Calls `listener` with each event from now on; returns how to stop. */
  onEvent(listener: (event: DownloadEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #follow(
    model: string,
    first: IteratorResult<PullModelResponse, unknown>,
    messages: AsyncIterator<PullModelResponse, unknown>,
  ): Promise<void> {
    try {
      for (let next = first; next.done !== true; next = await messages.next()) {
        const { stage, receivedBytes, totalBytes, model: made } = next.value;
        if (stage === Stage.DONE) this.#tell({ model, event: "download_finished", data: { id: made?.id ?? model } });
        else {
          const data = { [model]: { done: Number(receivedBytes), total: Number(totalBytes) } };
          this.#tell({ model, event: "download_progress", data });
        }
      }
    } catch (error) {
      // Anything but an RpcError is the reason of a cancel.
      const message = error instanceof RpcError ? error.message : "the download was cancelled";
      this.#tell({ model, event: "download_failed", data: { error: message } });
    } finally {
      this.#running.delete(model);
    }
  }

  #tell(event: DownloadEvent): void {
    for (const listener of this.#listeners) listener(event);
  }
}
