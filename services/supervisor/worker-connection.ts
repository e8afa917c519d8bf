import { openChannel } from "../../clients/channel.ts";
import { createClient, createRelay, type Client, type Relay } from "../../clients/create-client.ts";
import { ErrorReason, RpcError } from "../../clients/errors.ts";
import { Health } from "../../proto/gen/grpc/health/v1/health_pb.ts";
import { InferenceService } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import { ModelService, type Model } from "../../proto/gen/tokenwire/v1/models_pb.ts";

/** One process's life, as those see it who call it. */
export interface WorkerLife {
  readonly inference: Client<typeof InferenceService>;
  /** Its streams in their wire form. */
  readonly relay: Relay<typeof InferenceService>;
  /** Aborted, with WORKER_LOST as its reason, the moment the process has ended: give it to every call. */
  readonly lost: AbortSignal;
  /** Whether it ended unasked: a crash, or a silence that was ended. */
  readonly died: boolean;
  /** A request is about to be sent. */
  noteRequest(): void;
}

/** The connection to one worker process. Each process has its own channel, so that a call can never reach another life. */
export interface WorkerConnection extends WorkerLife {
  /** The worker's model, now and after each change. Ends, by throwing, with the connection. */
  watch(): AsyncIterable<Model>;
  /** Whether the process answers anything within so long. Never rejects. */
  answers(timeoutMs: number): Promise<boolean>;
  /** Whether a request was ever sent. */
  readonly used: boolean;
  /** The process has ended: `how` it did, and whether `asked` to. Every call on it fails now. */
  end(how: string, options: { readonly asked: boolean }): void;
}

/** When a caller whose worker was lost should come again: a worker is usually back within a second. */
const lostRetryMs = 1000;

export function connectWorker(model: string, socketPath: string): WorkerConnection {
  const channel = openChannel(`unix:${socketPath}`);
  const ended = new AbortController();
  const models = createClient(ModelService, channel);
  const health = createClient(Health, channel);
  let used = false;
  let died = false;
  return {
    inference: createClient(InferenceService, channel),
    relay: createRelay(InferenceService, channel),
    lost: ended.signal,
    get died() {
      return died;
    },
    get used() {
      return used;
    },
    noteRequest() {
      used = true;
    },
    async *watch() {
      for await (const { model } of models.watchModels({}, { signal: ended.signal })) if (model) yield model;
    },
    async answers(timeoutMs) {
      try {
        await health.check({}, { timeoutMs, signal: ended.signal });
      } catch (error) {
        // A refusal is an answer, and a connection that breaks is others' to notice.
        return !(error instanceof RpcError && error.reason === ErrorReason.DEADLINE);
      }
      return true;
    },
    end(how, { asked }) {
      died = !asked;
      ended.abort(workerLost(model, how));
      channel.close();
    },
  };
}

/** The error of a call whose worker ended before the answer did. `how`: in words that follow "its process". */
export function workerLost(model: string, how: string): RpcError {
  return new RpcError(
    ErrorReason.WORKER_LOST,
    `model "${model}" was lost while it answered: its process ${how}; it is being started again`,
    { retryAfterMs: lostRetryMs },
  );
}
