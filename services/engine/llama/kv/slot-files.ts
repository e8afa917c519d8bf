import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { ErrorReason, invalidParameter, RpcError } from "../../../../clients/errors.ts";
import type { SlotAction, SlotChange } from "../../engine.ts";
import type { Turns } from "../loop/turns.ts";
import type { Context } from "../native/context.ts";
import { isMedia } from "./media-tokens.ts";
import type { SlotMemory } from "./slot-memory.ts";
import type { Slot } from "./slots.ts";
import { readHeader, readState, stateEnding, writeState } from "./state-file.ts";

export interface SlotFilesParts {
  readonly context: Pick<Context, "stateBytes" | "readState" | "writeState" | "sequenceLength">;
  readonly memory: SlotMemory;
  readonly turns: Turns;
  readonly vocabulary: { has(token: number): boolean };
  /** Absolute; it may not be there yet. A state is of use only to this model, loaded in this way. */
  readonly folder: string;
  /** A slot is free again. */
  readonly onFree: () => void;
  /** The adapters, as in a slot, that the folder's states were computed with. */
  readonly adapters: string;
}

/** Nothing of a path: it comes from a stranger. */
const namePattern = /^(?!.*\.\.)[\w-][\w.-]{0,127}$/;

/** Slots as files, for callers who save and put back the states of their prompts themselves. */
export class SlotFiles {
  readonly #parts: SlotFilesParts;

  constructor(parts: SlotFilesParts) {
    this.#parts = parts;
  }

  /** Throws INVALID_PARAMETER for a slot or a file that is not there, OVERLOADED for a slot that is at work. */
  async change(id: number, action: SlotAction): Promise<SlotChange> {
    const { memory } = this.#parts;
    const slot = memory.slots[id];
    if (slot === undefined)
      throw invalidParameter("slot", `slot ${id} is not there: the slots are 0 to ${memory.slots.length - 1}`);
    if (slot.busy) throw new RpcError(ErrorReason.OVERLOADED, `slot ${id} is at work`, { retryAfterMs: 1_000 });
    // No prompt takes it meanwhile.
    slot.busy = true;
    try {
      switch (action.kind) {
        case "save":
          return await this.#save(slot, this.#path(action.file));
        case "restore":
          return await this.#restore(slot, this.#path(action.file));
        case "erase":
          return await this.#erase(slot);
      }
    } finally {
      memory.release(slot);
      this.#parts.onFree();
    }
  }

  #path(file: string): string {
    if (namePattern.test(file)) return join(this.#parts.folder, file + stateEnding);
    const shown = JSON.stringify(file.slice(0, 40));
    throw invalidParameter("filename", `filename must be 1 to 128 letters, digits, "_", "-" and "."; got ${shown}`);
  }

  async #save(slot: Slot, path: string): Promise<SlotChange> {
    const { context, turns, folder, adapters } = this.#parts;
    if (slot.tokens.length === 0) throw invalidParameter("slot", `slot ${slot.id} holds nothing to save`);
    if (slot.adapters !== adapters)
      throw invalidParameter("slot", `slot ${slot.id} was computed with other LoRA scales than the model has`);
    const tokens = Int32Array.from(slot.tokens);
    const data = await turns.take(() => context.readState(slot.id, context.stateBytes(slot.id)));
    if (data === undefined) throw new RpcError(ErrorReason.INTERNAL, "llama.cpp could not read the slot's state");
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeState({ path, tokens, bytes: data.size, usedAt: Date.now() }, data.bytes);
      return { tokens: tokens.length, bytes: data.size };
    } catch (error) {
      throw diskFailed("saved", error);
    } finally {
      data.free();
    }
  }

  async #restore(slot: Slot, path: string): Promise<SlotChange> {
    const { context, memory, turns, vocabulary, adapters } = this.#parts;
    const file = await readHeader(path);
    const fits = file !== undefined && file.tokens.length <= context.sequenceLength;
    if (!fits || ![...file.tokens].every((token) => isMedia(token) || vocabulary.has(token)))
      throw invalidParameter("filename", "filename: no slot of this model was saved under that name");
    const data = await readState(file).catch((error: unknown) => {
      throw diskFailed("restored", error);
    });
    if (data === undefined) throw invalidParameter("filename", "filename: the file is damaged");
    try {
      await turns.take(async () => {
        memory.truncate(slot, 0);
        if (!(await context.writeState(slot.id, data)))
          throw invalidParameter("filename", "filename: llama.cpp does not take the file's state");
        slot.tokens = [...file.tokens];
        slot.adapters = adapters;
      });
    } finally {
      data.free();
    }
    return { tokens: file.tokens.length, bytes: file.bytes };
  }

  async #erase(slot: Slot): Promise<SlotChange> {
    const { memory, turns } = this.#parts;
    const tokens = slot.tokens.length;
    await turns.take(async () => memory.truncate(slot, 0));
    return { tokens, bytes: 0 };
  }
}

function diskFailed(what: string, error: unknown): RpcError {
  const why = error instanceof Error ? error.message : String(error);
  return new RpcError(ErrorReason.OVERLOADED, `the slot could not be ${what}: ${why}`, { cause: error });
}
