import type { ChatResponse } from "../../proto/gen/tokenwire/v1/chat_pb.ts";
import {
  FinishReason,
  type SchemaCheck,
  type Timings,
  type TokenLogprob,
  type Unenforced,
  type Usage,
} from "../../proto/gen/tokenwire/v1/generation_pb.ts";
import type { EmbedResponse } from "../../proto/gen/tokenwire/v1/inference_pb.ts";
import {
  type Device,
  type EngineStats,
  type Model,
  type ModelDetails,
  type ModelMemory,
  ModelOrigin,
  ModelState,
  type PullModelResponse,
  PullModelResponse_Stage,
} from "../../proto/gen/tokenwire/v1/models_pb.ts";

/** One event of a chat. `choice` says which of the n it belongs to; the last of each is `finished`. */
export type ChatEvent = { readonly choice: number } & (
  | {
      readonly type: "started";
      readonly model: string;
      readonly promptTokens: number;
      readonly cachedTokens: number;
      readonly slot: number;
      /** Where `promptLogprobs` asks for it: one per prompt token. */
      readonly promptLogprobs?: PlainLogprob[];
      /** What of the request's schemas the answer is not held to. */
      readonly unenforced?: Plain<Unenforced>[];
    }
  /** How much of the prompt is processed, where `reportProgress` asks for it. */
  | { readonly type: "progress"; readonly processedTokens: number; readonly elapsedMs: number }
  /** The model is not in memory yet. `progress` of its load: 0 to 1, 0 while it waits for room. */
  | { readonly type: "loading"; readonly model: string; readonly progress: number; readonly elapsedMs: number }
  | { readonly type: "text" | "reasoning"; readonly text: string; readonly logprobs?: PlainLogprob[] }
  /** The first of an index has id and name; later ones only more of the arguments' JSON text. */
  | {
      readonly type: "toolCall";
      readonly index: number;
      readonly id?: string;
      readonly name?: string;
      readonly arguments: string;
      readonly logprobs?: PlainLogprob[];
    }
  | {
      readonly type: "finished";
      readonly reason: PlainFinishReason;
      readonly stopSequence?: string;
      /** The one of `stopTokenIds` that ended it. */
      readonly stopToken?: number;
      readonly usage: Plain<Usage>;
      readonly timings?: Plain<Timings>;
      /** Where something was unenforced: whether the answer is valid all the same. */
      readonly schemaCheck?: Plain<SchemaCheck>;
    }
);

export interface PlainToken {
  readonly id: number;
  /** What the bytes say; those that are not whole characters by themselves are replaced. */
  readonly text: string;
  readonly bytes: number[];
  /** Unset: the token has none, as the first of a prompt. */
  readonly logprob?: number;
}

export interface PlainLogprob extends PlainToken {
  readonly top: PlainToken[];
}

export type PlainFinishReason = "stop" | "length" | "toolCalls" | "interrupted" | "contextFull";

export interface PlainModel {
  readonly id: string;
  readonly state: PlainModelState;
  readonly loadProgress: number;
  readonly error?: string;
  /** Seconds since 1970. */
  readonly created: number;
  readonly details?: Plain<ModelDetails>;
  readonly stats?: Plain<EngineStats>;
  /** What it takes, per device. */
  readonly memory: readonly Plain<ModelMemory>[];
  /** It stays in memory until somebody says otherwise. */
  readonly pinned: boolean;
  readonly origin: PlainModelOrigin;
  /** Set: it is loaded by its first request, and unloaded after so many seconds without one. */
  readonly ttlSeconds?: number;
  /** Seconds since 1970 of the end of its last request; unset: none so far. */
  readonly lastUsed?: number;
  /** Now, for their turn or for the load. */
  readonly requests: { readonly running: number; readonly waiting: number };
}

/** Who brought a model: the settings, a file in `models_dir`, or a pull, which may be deleted again. */
export type PlainModelOrigin = "config" | "folder" | "pulled";

export type PlainDevice = Plain<Device>;

/** How far a download is; the last one has the new model. */
export interface PullProgress {
  readonly stage: "downloading" | "verifying" | "done";
  readonly receivedBytes: number;
  /** Unset: not known. */
  readonly totalBytes?: number;
  readonly model?: PlainModel;
}

export type PlainModelState = "unloaded" | "loading" | "resident" | "unloading" | "failed" | "removed";

export interface PlainEmbeddings {
  readonly model: string;
  readonly promptTokens: number;
  /** One per input, in order. */
  readonly embeddings: number[][];
}

/** A message's fields as JSON has them: 64-bit integers are numbers (ours stay far below 2^53). */
export type Plain<Message> = {
  readonly [Key in keyof Message as Exclude<Key, "$typeName" | "$unknown">]: Message[Key] extends bigint
    ? number
    : Message[Key];
};

const finishReasons: Readonly<Record<FinishReason, PlainFinishReason>> = {
  [FinishReason.UNSPECIFIED]: "stop",
  [FinishReason.STOP]: "stop",
  [FinishReason.LENGTH]: "length",
  [FinishReason.TOOL_CALLS]: "toolCalls",
  [FinishReason.INTERRUPTED]: "interrupted",
  [FinishReason.CONTEXT_FULL]: "contextFull",
};

const modelStates: Readonly<Record<ModelState, PlainModelState>> = {
  [ModelState.UNSPECIFIED]: "unloaded",
  [ModelState.UNLOADED]: "unloaded",
  [ModelState.LOADING]: "loading",
  [ModelState.RESIDENT]: "resident",
  [ModelState.FAILED]: "failed",
  [ModelState.UNLOADING]: "unloading",
  [ModelState.REMOVED]: "removed",
};

/** An event of the service's stream for frontends; undefined: one of a newer service. */
export function chatEventFromProto({ choice, event }: ChatResponse): ChatEvent | undefined {
  switch (event.case) {
    case "started": {
      const { model, promptTokens, cachedTokens, slot } = event.value;
      const { logprobs: promptLogprobs } = logprobsOf(event.value.promptLogprobs);
      const counts = { promptTokens, cachedTokens, slot };
      const unenforced = event.value.unenforced.map(plain);
      return {
        choice,
        type: "started",
        model,
        ...counts,
        ...(promptLogprobs && { promptLogprobs }),
        ...(unenforced.length > 0 && { unenforced }),
      };
    }
    case "text":
    case "reasoning":
      return { choice, type: event.case, text: event.value.text, ...logprobsOf(event.value.logprobs) };
    case "toolCall": {
      const { index, id, name, arguments: json, logprobs } = event.value;
      return {
        choice,
        type: "toolCall",
        index,
        ...(id !== "" && { id }),
        ...(name !== "" && { name }),
        arguments: json,
        ...logprobsOf(logprobs),
      };
    }
    case "finished": {
      const { reason, stopSequence, stopToken, usage, timings, schemaCheck } = event.value;
      return {
        choice,
        type: "finished",
        reason: finishReasons[reason] ?? "stop",
        ...(stopSequence !== undefined && { stopSequence }),
        ...(stopToken !== undefined && { stopToken }),
        usage: usage ? plain(usage) : { promptTokens: 0, completionTokens: 0, cachedTokens: 0, reasoningTokens: 0 },
        ...(timings && { timings: plain(timings) }),
        ...(schemaCheck && { schemaCheck: plain(schemaCheck) }),
      };
    }
    case "progress": {
      const { processedTokens, elapsedMs } = event.value;
      return { choice, type: "progress", processedTokens, elapsedMs };
    }
    case "loading": {
      const { model, progress, elapsedMs } = event.value;
      return { choice, type: "loading", model, progress, elapsedMs };
    }
    case undefined:
      return undefined;
  }
}

const origins: Readonly<Record<ModelOrigin, PlainModelOrigin>> = {
  [ModelOrigin.UNSPECIFIED]: "config",
  [ModelOrigin.CONFIG]: "config",
  [ModelOrigin.FOLDER]: "folder",
  [ModelOrigin.PULLED]: "pulled",
};

export function modelFromProto(model: Model): PlainModel {
  const { id, state, loadProgress, error, created, details, stats, ttlSeconds, lastUsed, requests } = model;
  return {
    id,
    state: modelStates[state] ?? "unloaded",
    loadProgress,
    ...(error !== "" && { error }),
    created: Number(created),
    ...(details && { details: plain(details) }),
    ...(stats && { stats: plain(stats) }),
    memory: model.memory.map(plain),
    pinned: model.pinned,
    origin: origins[model.origin] ?? "config",
    ...(ttlSeconds !== undefined && { ttlSeconds }),
    ...(lastUsed !== 0n && { lastUsed: Number(lastUsed) }),
    requests: { running: requests?.running ?? 0, waiting: requests?.waiting ?? 0 },
  };
}

export function deviceFromProto(device: Device): PlainDevice {
  return plain(device);
}

const stages: Readonly<Record<PullModelResponse_Stage, PullProgress["stage"]>> = {
  [PullModelResponse_Stage.UNSPECIFIED]: "downloading",
  [PullModelResponse_Stage.DOWNLOADING]: "downloading",
  [PullModelResponse_Stage.VERIFYING]: "verifying",
  [PullModelResponse_Stage.DONE]: "done",
};

export function pullProgressFromProto({ stage, receivedBytes, totalBytes, model }: PullModelResponse): PullProgress {
  return {
    stage: stages[stage] ?? "downloading",
    receivedBytes: Number(receivedBytes),
    ...(totalBytes !== 0n && { totalBytes: Number(totalBytes) }),
    ...(model && { model: modelFromProto(model) }),
  };
}

export function embeddingsFromProto({ model, promptTokens, embeddings }: EmbedResponse): PlainEmbeddings {
  return { model, promptTokens, embeddings: embeddings.map(({ values }) => values) };
}

function logprobsOf(logprobs: readonly TokenLogprob[]): { logprobs?: PlainLogprob[] } {
  if (logprobs.length === 0) return {};
  return {
    logprobs: logprobs.flatMap(({ token, top }) =>
      token ? [{ ...tokenFromProto(token), top: top.map(tokenFromProto) }] : [],
    ),
  };
}

function tokenFromProto({ id, bytes, logprob }: NonNullable<TokenLogprob["token"]>): PlainToken {
  const text = new TextDecoder().decode(bytes);
  return { id, text, bytes: [...bytes], ...(logprob !== undefined && { logprob }) };
}

function plain<Message extends object>(message: Message): Plain<Message> {
  const fields = Object.entries(message).filter(([key]) => !key.startsWith("$"));
  return Object.fromEntries(
    fields.map(([key, value]: [string, unknown]) => [key, typeof value === "bigint" ? Number(value) : value]),
  ) as Plain<Message>;
}
