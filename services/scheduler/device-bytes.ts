/** Bytes by device: `RAM`, `GPU0` … What is not named is 0. */
export type DeviceBytes = Readonly<Record<string, number>>;

export function addBytes(a: DeviceBytes, b: DeviceBytes, times = 1): DeviceBytes {
  const sum: Record<string, number> = { ...a };
  for (const [device, bytes] of Object.entries(b)) sum[device] = (sum[device] ?? 0) + bytes * times;
  return sum;
}

export function subtractBytes(a: DeviceBytes, b: DeviceBytes): DeviceBytes {
  return addBytes(a, b, -1);
}

/**
 * By how much `need` is more than `room`, on the devices where it is; empty: it fits. A device that `room` does not name
 * has no bound.
 */
export function shortage(need: DeviceBytes, room: DeviceBytes): DeviceBytes {
  const short: Record<string, number> = {};
  for (const [device, bytes] of Object.entries(need)) {
    const missing = bytes - (room[device] ?? Infinity);
    if (bytes > 0 && missing > 0) short[device] = missing;
  }
  return short;
}

export function fits(need: DeviceBytes, room: DeviceBytes): boolean {
  return Object.keys(shortage(need, room)).length === 0;
}
