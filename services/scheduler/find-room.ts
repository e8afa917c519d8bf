import { addBytes, type DeviceBytes, fits, shortage } from "./device-bytes.ts";

/** A model that holds memory. */
export interface Occupant {
  readonly id: string;
  readonly bytes: DeviceBytes;
  /** Requests run on it or wait for it. */
  readonly busy: boolean;
  readonly lastUseMs: number;
  /** false: it is pinned, or being loaded. */
  readonly mayLeave: boolean;
}

export interface Memory {
  /** What nobody holds. */
  readonly free: DeviceBytes;
  /** What nobody will hold when those have left that are leaving, and that nobody else has been promised. */
  readonly coming: DeviceBytes;
  /** What there would be without all that may ever leave. */
  readonly utmost: DeviceBytes;
  readonly occupants: readonly Occupant[];
}

export type Room =
  | { readonly kind: "free" }
  /** When these, and those that leave already, have left. */
  | { readonly kind: "after"; readonly leaving: readonly Occupant[] }
  /** Others must get their turn first. */
  | { readonly kind: "later" }
  /** Not even without all that may leave. */
  | { readonly kind: "never"; readonly short: DeviceBytes };

/**
 * Finds room for a model:
 * 1. it fits into what is free and promised to nobody → free;
 * 2. it fits when those have left that are leaving already → after;
 * 3. it fits when others leave → after: idle ones first, the least recently used first, only from devices that are
 *    short, and none whose bytes are not needed;
 * 4. it would fit without those that are being loaded, or that were promised room before it → later;
 * 5. else never.
 */
export function findRoom(need: DeviceBytes, { free, coming, utmost, occupants }: Memory): Room {
  if (fits(need, free) && fits(need, coming)) return { kind: "free" }; // 1
  if (fits(need, coming)) return { kind: "after", leaving: [] }; // 2
  const leaving = chooseLeaving(need, coming, occupants); // 3
  if (leaving !== undefined) return { kind: "after", leaving };
  return fits(need, utmost) ? { kind: "later" } : { kind: "never", short: shortage(need, utmost) }; // 4, 5
}

function chooseLeaving(need: DeviceBytes, coming: DeviceBytes, occupants: readonly Occupant[]): Occupant[] | undefined {
  const order = occupants.filter(({ mayLeave }) => mayLeave).sort(byUse);
  const chosen: Occupant[] = [];
  let room = coming;
  for (const occupant of order) {
    const short = shortage(need, room);
    if (!Object.keys(short).some((device) => (occupant.bytes[device] ?? 0) > 0)) continue;
    chosen.push(occupant);
    room = addBytes(room, onlyOf(room, occupant.bytes));
  }
  if (!fits(need, room)) return undefined;
  // A big one may have made a smaller one before it needless: whoever was used last stays first.
  return chosen.reduceRight<Occupant[]>((kept, occupant) => {
    const without = addBytes(room, onlyOf(room, occupant.bytes), -1);
    if (!fits(need, without)) return [occupant, ...kept];
    room = without;
    return kept;
  }, []);
}

function byUse(a: Occupant, b: Occupant): number {
  return Number(a.busy) - Number(b.busy) || a.lastUseMs - b.lastUseMs;
}

/** Bytes on devices without a bound are of no account. */
function onlyOf(room: DeviceBytes, bytes: DeviceBytes): DeviceBytes {
  return Object.fromEntries(Object.entries(bytes).filter(([device]) => room[device] !== undefined));
}
