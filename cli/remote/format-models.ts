import { ModelState, type Device, type Model } from "../../proto/gen/tokenwire/v1/models_pb.ts";
import { formatBytes } from "../../services/models/format-bytes.ts";

const states: Readonly<Record<ModelState, string>> = {
  [ModelState.UNSPECIFIED]: "unknown",
  [ModelState.UNLOADED]: "unloaded",
  [ModelState.LOADING]: "loading",
  [ModelState.RESIDENT]: "resident",
  [ModelState.FAILED]: "failed",
  [ModelState.UNLOADING]: "unloading",
  [ModelState.REMOVED]: "removed",
};

export function stateName(state: ModelState): string {
  return states[state] ?? "unknown";
}

/** Models with what they take: measured for those in memory, estimated for the others. */
export function formatModels(models: readonly Model[], now: number): string {
  const rows = models.map((model) => [
    model.id,
    model.state === ModelState.LOADING ? `loading ${Math.floor(model.loadProgress * 100)} %` : stateName(model.state),
    memoryOf(model),
    model.details === undefined ? "" : `${model.details.slots} x ${model.details.contextLength}`,
    untilOf(model, now),
  ]);
  return columns([["MODEL", "STATE", "MEMORY", "SLOTS x TOKENS", "UNTIL"], ...rows]);
}

export function formatDevices(devices: readonly Device[]): string {
  const rows = devices.map(({ name, description, totalBytes, usableBytes, heldBytes }) => [
    name,
    formatBytes(Number(heldBytes)),
    formatBytes(Number(usableBytes)),
    formatBytes(Number(totalBytes)),
    description,
  ]);
  return columns([["DEVICE", "MODELS HOLD", "THEY MAY", "TOTAL", ""], ...rows]);
}

/** All that is known of one model. */
export function formatModel(model: Model): string {
  const { details } = model;
  const rows: (readonly [string, string])[] = [
    ["model", model.id],
    ["state", stateName(model.state)],
    ...(model.error === "" ? [] : [["error", model.error] as const]),
    ["pinned", model.pinned ? "yes" : "no"],
    ...(model.ttlSeconds === undefined ? [] : [["ttl", `${model.ttlSeconds} s`] as const]),
    ...(details === undefined
      ? []
      : [
          ["description", details.description] as const,
          ["file", formatBytes(Number(details.sizeBytes))] as const,
          ["context", `${details.contextLength} of ${details.trainedContextLength} tokens`] as const,
          ["slots", String(details.slots)] as const,
          ["layers on GPUs", `${details.offloadedLayers} of ${details.layers}`] as const,
          ["backend", details.backend] as const,
          ["chat format", details.chatFormat] as const,
        ]),
    ...model.memory.map(({ device, estimatedBytes, measuredBytes, weightsBytes, kvBytes, computeBytes }) => {
      const parts = `weights ${bytes(weightsBytes)}, KV ${bytes(kvBytes)}, buffers ${bytes(computeBytes)}`;
      const measured = measuredBytes > 0n ? `, measured ${bytes(measuredBytes)}` : "";
      return [device, `estimated ${bytes(estimatedBytes)} (${parts})${measured}`] as const;
    }),
  ];
  return columns(rows);
}

/** Columns as wide as their widest cell. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, index) => Math.max(...rows.map((row) => row[index]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function memoryOf({ memory }: Model): string {
  return memory
    .map(({ device, measuredBytes, estimatedBytes }) =>
      measuredBytes > 0n ? `${bytes(measuredBytes)} of ${device}` : `about ${bytes(estimatedBytes)} of ${device}`,
    )
    .join(", ");
}

function untilOf({ state, pinned, ttlSeconds, lastUsed }: Model, now: number): string {
  if (state !== ModelState.RESIDENT) return "";
  if (pinned) return "pinned";
  if (ttlSeconds === undefined) return "its room is needed";
  return `${Math.max(0, Math.round(Number(lastUsed) + ttlSeconds - now / 1000))} s`;
}

function bytes(amount: bigint): string {
  return formatBytes(Number(amount));
}
