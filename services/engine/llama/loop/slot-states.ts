import type { SlotState } from "../../engine.ts";
import type { Slot } from "../kv/slots.ts";
import type { Sequence } from "./sequence.ts";

/** What each slot does, for who watches. */
export function slotStates(slots: readonly Slot[], running: readonly Sequence[]): SlotState[] {
  const sequences = new Map(running.map((sequence) => [sequence.slot, sequence]));
  return slots.map((slot) => {
    const sequence = sequences.get(slot);
    return {
      id: slot.id,
      busy: slot.busy,
      tokens: slot.tokens.length,
      promptTokens: sequence?.request.job.prompt.length ?? 0,
      completionTokens: sequence?.generated ?? 0,
    };
  });
}
