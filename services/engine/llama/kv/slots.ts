import { uncutLength } from "./media-tokens.ts";

/** A place to run one sequence. Its tokens are exactly what the context's memory holds for it. */
export interface Slot {
  readonly id: number;
  /** Tokens whose KV state is in the cache, in order. */
  tokens: number[];
  /** With which scales of the model's adapters that state was computed: for others it is of no use. */
  adapters: string;
  busy: boolean;
  /** When it was last in use; any clock that only grows. */
  usedAt: number;
}

export function createSlots(count: number): Slot[] {
  return Array.from({ length: count }, (_, id) => ({ id, tokens: [], adapters: "", busy: false, usedAt: 0 }));
}

/** How many leading tokens two lists share. */
export function commonPrefix(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a[at] === b[at]) at++;
  return at;
}

/** A shorter shared prefix is not worth a copy, nor, unless it is half the prompt, another conversation's cache. */
export const worthwhilePrefix = 32;

/** How many leading tokens of a prompt need not be computed where these are in memory: the last one gives the logits. */
export function reusablePrefix(tokens: ArrayLike<number>, prompt: ArrayLike<number>): number {
  return uncutLength(prompt, Math.min(commonPrefix(tokens, prompt), prompt.length - 1));
}

export interface PlaceOptions {
  readonly maxPaddingRows: number;
  /** Whether what slots hold may be the prompt's beginning. */
  readonly reuse: boolean;
  /** The slot to take if it is free. */
  readonly preferred?: number | undefined;
  /** As in a slot; unset: those of a model without adapters. */
  readonly adapters?: string;
}

/** What of a slot's tokens a prompt can use that runs with these adapters. */
export function reusableTokens(slot: Slot, adapters = ""): readonly number[] {
  return slot.adapters === adapters ? slot.tokens : [];
}

/**
 * Where a prompt runs. Numbered as in the code:
 *  0. the slot that the request prefers, if it is free;
 *  1. the free slot that shares the longest prefix with it, when that is worthwhile;
 *  2. else, among the free slots that need at most `maxPaddingRows` padding rows between running neighbours, the one unused
 *     for longest, so that the caches of others live on;
 *  3. else the free slot nearest to a running one (llama.cpp computes only neighbours together).
 * undefined: no slot is free.
 */
export function placePrompt(
  slots: readonly Slot[],
  prompt: ArrayLike<number>,
  { maxPaddingRows, reuse, preferred, adapters }: PlaceOptions,
): Slot | undefined {
  const free = slots.filter((slot) => !slot.busy);
  const shared = (slot: Slot): number => (reuse ? reusablePrefix(reusableTokens(slot, adapters), prompt) : 0);
  const longest = maxBy(free, shared);
  if (longest === undefined) return undefined;
  const wanted = free.find(({ id }) => id === preferred);
  if (wanted !== undefined) return wanted; // 0
  if (shared(longest) >= Math.min(worthwhilePrefix, prompt.length / 2)) return longest; // 1
  const gap = gapTo(slots);
  const near = free.filter((slot) => gap(slot) <= maxPaddingRows);
  return near.length > 0 ? maxBy(near, (slot) => -slot.usedAt) : maxBy(free, (slot) => -gap(slot)); // 2, 3
}

/** The slot, a running one too, whose sequence is worth copying to `slot`: it shares clearly more with the prompt. */
export function findDonor(
  slots: readonly Slot[],
  slot: Slot,
  { prompt, adapters }: { readonly prompt: ArrayLike<number>; readonly adapters?: string },
): Slot | undefined {
  const shared = (it: Slot) => reusablePrefix(reusableTokens(it, adapters), prompt);
  const donor = maxBy(slots, shared);
  if (donor === undefined) return undefined;
  const gain = shared(donor) - shared(slot);
  return gain >= worthwhilePrefix ? donor : undefined;
}

/** How many idle slots lie between a slot and the nearest busy one; 0 when none is busy. */
function gapTo(slots: readonly Slot[]): (slot: Slot) => number {
  const busy = slots.filter((slot) => slot.busy).map((slot) => slot.id);
  return ({ id }) => (busy.length === 0 ? 0 : Math.min(...busy.map((other) => Math.abs(other - id))) - 1);
}

function maxBy<T>(items: readonly T[], value: (item: T) => number): T | undefined {
  let best: T | undefined;
  let max = -Infinity;
  for (const item of items) {
    const worth = value(item);
    if (worth > max) [best, max] = [item, worth];
  }
  return best;
}
