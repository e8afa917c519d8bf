import { create } from "@bufbuild/protobuf";
import type { Logger } from "pino";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import {
  type DescribeModelResponse,
  DescribeModelResponseSchema,
  LoraAdapterSchema,
} from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import { loraAdapters } from "../../settings/model/lora-adapters.ts";
import { ModelState } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import type { ModelSettings } from "../../settings/settings.ts";
import { fileTime } from "../models/file-time.ts";
import type { SocketDirectory } from "./socket-directory.ts";
import { connectWorker } from "./worker-connection.ts";
import { workerEntry } from "./worker-entry.ts";
import { forkWorker } from "./worker-process.ts";

export interface DescriberOptions {
  readonly log: Logger;
  readonly sockets: SocketDirectory;
  /** For tests: another program than worker/main. */
  readonly entry?: URL;
}

/** Reading a file's head takes a process about half a second; a disk that hangs is not waited for. */
const timeoutMs = 30_000;
/** More models than a list of them shows. */
const maxKept = 256;
/** Sockets of models' processes are numbered from 0. */
const socketIndex = 999;

/**
 * Tells what the files of models say, of models that are not in memory. A process of its own reads a file's head (its
 * metadata, templates and vocabulary), says what a loaded model would, and ends; its answer is kept until the file changes.
 * One process at a time: a list of models may be asked about one by one.
 */
export class ModelDescriber {
  readonly #options: DescriberOptions;
  readonly #kept = new Map<string, { readonly key: string; readonly described: Promise<DescribeModelResponse> }>();
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;
  readonly #closed = new AbortController();

  constructor(options: DescriberOptions) {
    this.#options = options;
  }

  /** Rejects with MODEL_LOAD_FAILED for a file that cannot be read. */
  describe(settings: ModelSettings): Promise<DescribeModelResponse> {
    const { model_alias: id } = settings;
    const key = `${JSON.stringify(settings)} ${fileTime(settings.model)}`;
    const kept = this.#kept.get(id);
    if (kept?.key === key) return kept.described;
    const described = this.#last.then(() => this.#describe(settings));
    this.#last = described.catch(() => undefined);
    this.#kept.delete(id);
    this.#kept.set(id, { key, described });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= maxKept) break;
      this.#kept.delete(oldest);
    }
    // A failure is not kept: the next caller tries again.
    described.catch(() => {
      if (this.#kept.get(id)?.described === described) this.#kept.delete(id);
    });
    return described;
  }

  async #describe(settings: ModelSettings): Promise<DescribeModelResponse> {
    const { model_alias: model, hf_model_repo_id: repository } = settings;
    const adapters = loraAdapters(settings).map((adapter) => create(LoraAdapterSchema, { ...adapter }));
    // Its file may still have to be downloaded: that is for whoever loads it.
    if (repository !== undefined) return create(DescribeModelResponseSchema, { model, adapters });
    return create(DescribeModelResponseSchema, { ...(await this.#ask(headOnly(settings))), adapters });
  }

  /** Ends what runs. Resolves when no process is left. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#last;
  }

  async #ask(settings: ModelSettings): Promise<DescribeModelResponse> {
    if (this.#closed.signal.aborted) throw new RpcError(ErrorReason.SHUTTING_DOWN, "the server is shutting down");
    const { log, sockets, entry = workerEntry } = this.#options;
    const { model_alias: id } = settings;
    const socketPath = sockets.path(socketIndex, ++this.#count);
    const worker = forkWorker(
      entry,
      { type: "start", settings, socketPath, graceMs: 0, tracing: { serviceName: "tokenwire" }, logLevel: log.level },
      log,
    );
    const ended = worker.exited.then((how): never => {
      throw failed(id, `its process ${how}`);
    });
    const connection = connectWorker(id, socketPath);
    const end = () => worker.kill();
    this.#closed.signal.addEventListener("abort", end, { once: true });
    const timer = setTimeout(end, timeoutMs);
    try {
      return await Promise.race([ended, answerOf(worker.listening, connection)]);
    } finally {
      clearTimeout(timer);
      this.#closed.signal.removeEventListener("abort", end);
      worker.kill();
      await worker.exited;
      connection.end("has told what it was asked", { asked: true });
    }
  }
}

async function answerOf(
  listening: Promise<void>,
  connection: ReturnType<typeof connectWorker>,
): Promise<DescribeModelResponse> {
  await listening;
  for await (const { id, state, error } of connection.watch()) {
    if (state === ModelState.FAILED) throw failed(id, error);
    if (state === ModelState.RESIDENT) break;
  }
  return connection.inference.describeModel({});
}

/** The settings of a model of which no more is opened than its vocabulary. */
function headOnly(settings: ModelSettings): ModelSettings {
  return { ...settings, vocab_only: true, n_gpu_layers: 0 };
}

function failed(id: string, why: string): RpcError {
  return new RpcError(ErrorReason.MODEL_LOAD_FAILED, `model "${id}" cannot be described: ${why}`);
}
