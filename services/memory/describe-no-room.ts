import type { DeviceBytes } from "../scheduler/device-bytes.ts";
import type { NoRoom } from "../scheduler/ticket.ts";
import { formatBytes } from "../models/format-bytes.ts";

/**
 * Why a model cannot be in memory, and what would change that: `model "big" needs 6.10 GB of GPU0, where models may take
 * 4.00 GB in all, of which model "small" keeps 1.20 GB (it is pinned): …`.
 */
export function describeNoRoom(model: string, { need, capacity, short, stay }: NoRoom): string {
  const devices = Object.keys(short).map((device) => {
    const keepers = stay.filter(({ bytes }) => (bytes[device] ?? 0) > 0);
    const kept = keepers.map(({ model, bytes }) => `model "${model}" keeps ${amount(bytes, device)} (it is pinned)`);
    const ofWhich = kept.length === 0 ? "" : `, of which ${kept.join(" and ")}`;
    return `${amount(need, device)} of ${device}, where models may take ${amount(capacity, device)} in all${ofWhich}`;
  });
  const pinned = stay.some(({ bytes }) => Object.keys(short).some((device) => (bytes[device] ?? 0) > 0));
  const remedy = `lower its n_ctx or n_slots, choose a smaller quantization, ${pinned ? "remove a pin, " : ""}or raise memory_limit if the machine has more`;
  return `model "${model}" needs ${devices.join(" and ")}: ${remedy}`;
}

function amount(bytes: DeviceBytes, device: string): string {
  return formatBytes(Math.max(0, bytes[device] ?? 0));
}
