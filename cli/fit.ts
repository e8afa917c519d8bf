import type { Logger } from "pino";
import { pino } from "pino";
import type { ModelSettings, ServiceSettings } from "../settings/settings.ts";
import type { DeviceFacts, MemoryEstimate } from "../services/engine/memory-estimate.ts";
import { describeNoRoom } from "../services/memory/describe-no-room.ts";
import { DeviceMemory } from "../services/memory/device-memory.ts";
import { formatBytes } from "../services/models/format-bytes.ts";
import { parseMemoryLimit } from "../services/memory/memory-limit.ts";
import { readRam } from "../services/memory/ram.ts";
import { needFromEstimate } from "../services/pool/need-from-estimate.ts";
import { Scheduler } from "../services/scheduler/scheduler.ts";
import { estimateModels } from "../services/supervisor/estimate-models.ts";
import { columns } from "./remote/format-models.ts";

export interface FitOptions {
  readonly models: readonly ModelSettings[];
  readonly service: ServiceSettings;
  readonly json: boolean;
}

/** What becomes of a model at the start. */
interface Fate {
  readonly id: string;
  readonly estimate: MemoryEstimate | undefined;
  /** undefined: it is not resident. */
  readonly slots: number | undefined;
  readonly note: string;
}

/**
 * What a start with this configuration would do, without loading anything: each model's need by device, and which are
 * resident together. Each model is opened in a process of its own, so that a broken file spoils only its own line.
 */
export async function fit({ models, service, json }: FitOptions): Promise<string> {
  const log: Logger = pino({ level: "silent" });
  const limit = service.memory_limit === undefined ? undefined : parseMemoryLimit(service.memory_limit);
  const memory = new DeviceMemory({ limit, readRam });
  const nothing = { ramBytes: 0 };
  const gpuRoom = (gpus: readonly DeviceFacts[]) => {
    memory.see(gpus, { min: {}, max: {} });
    return memory.capacity(nothing);
  };
  const estimates = await estimateModels(models, { log, gpuRoom });
  for (const { estimate } of estimates.values())
    if (estimate !== undefined) memory.see(estimate.gpus, { min: {}, max: {} });
  const fates = plan({ models, estimates }, memory.capacity(nothing));
  const devices = memory.devices(nothing);
  if (json)
    return JSON.stringify({
      devices: devices.map(({ device, description, totalBytes, usableBytes }) => {
        return { device, description, totalBytes, usableBytes };
      }),
      models: fates.map(({ id, estimate, slots, note }) => {
        return {
          model: id,
          resident: slots !== undefined,
          slots: slots ?? estimate?.minSlots,
          note,
          memory: rows(estimate, slots),
        };
      }),
    });
  const head = ["MODEL", "AT THE START", "SLOTS", "DEVICE", "WEIGHTS", "KV", "BUFFERS", "PROCESS", "IN ALL"];
  const lines = fates.flatMap(({ id, estimate, slots, note }) => {
    const state = slots === undefined ? note : "resident";
    const all = rows(estimate, slots).map(({ device, weights, kv, buffers, process, total }, index) => {
      const amounts = [weights, kv, buffers, process, total].map(formatBytes);
      return [
        index === 0 ? id : "",
        index === 0 ? state : "",
        String(slots ?? estimate?.minSlots ?? ""),
        device,
        ...amounts,
      ];
    });
    return all.length === 0 ? [[id, state]] : all;
  });
  const room = devices.map(({ device, usableBytes }) => `${formatBytes(usableBytes)} of ${device}`).join(", ");
  return `${columns([head, ...lines])}\n\nModels may take ${room}.`;
}

/** Plays the start through the scheduler that decides it. */
function plan(
  {
    models,
    estimates,
  }: Pick<FitOptions, "models"> & { readonly estimates: Awaited<ReturnType<typeof estimateModels>> },
  capacity: Readonly<Record<string, number>>,
): Fate[] {
  const scheduler = new Scheduler({
    models: models.map(({ model_alias: id, pin, ttl }) => {
      return { id, maxQueue: 0, pinned: pin, ttlMs: ttl === undefined ? undefined : ttl * 1000 };
    }),
    maxQueue: 0,
    auxiliaryPlaces: 1,
  });
  const slots = new Map<string, number>();
  const notes = new Map<string, string>();
  const ids = models.filter(({ ttl }) => ttl === undefined).map((model) => model.model_alias);
  const queue = [...scheduler.onCapacity(capacity, 0), ...scheduler.onStart(ids, 0)];
  for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
    if (effect.type === "load") {
      const found = estimates.get(effect.model);
      if (found?.estimate !== undefined)
        queue.push(...scheduler.onEstimate(effect.model, needFromEstimate(found.estimate), 0));
      else {
        const message = found?.fault ?? "its memory is not known";
        notes.set(effect.model, message);
        queue.push(...scheduler.onModelDown(effect.model, { kind: "failed", message, retryAtMs: 0 }, 0));
      }
    } else if (effect.type === "proceed") {
      slots.set(effect.model, effect.slots ?? 1);
      queue.push(...scheduler.onModelReady(effect.model, { slots: effect.slots ?? 1 }, 0));
    } else if (effect.type === "unload") queue.push(...scheduler.onModelGone(effect.model, 0));
    else if (effect.type === "reject" && effect.refusal.kind === "no-room")
      notes.set(effect.model, `refused: ${describeNoRoom(effect.model, effect.refusal.room)}`);
  }
  return models.map(({ model_alias: id, ttl }) => {
    const otherwise = ttl === undefined ? "unloaded: comes with its first request" : "unloaded: has a ttl";
    return { id, estimate: estimates.get(id)?.estimate, slots: slots.get(id), note: notes.get(id) ?? otherwise };
  });
}

function rows(estimate: MemoryEstimate | undefined, slots = estimate?.minSlots ?? 1) {
  return (estimate?.parts ?? []).map(({ device, weights, kvPerSlot, compute, computePerSlot, process }) => {
    const kv = kvPerSlot * slots;
    const buffers = compute + computePerSlot * slots;
    return { device, weights, kv, buffers, process, total: weights + kv + buffers + process };
  });
}
