const units = ["bytes", "KB", "MB", "GB", "TB"] as const;

/** A number of bytes for people, with three digits: `1.25 GB`, `420 MB`. A MB is 1,000,000 bytes, as in `memory_limit`. */
export function formatBytes(bytes: number): string {
  // A little more, so that what is rounded up to 1000 of a unit is one of the next.
  const power = Math.min(units.length - 1, bytes < 1 ? 0 : Math.floor(Math.log10(bytes * 1.0005) / 3));
  const amount = bytes / 1000 ** power;
  const digits = power === 0 || amount >= 100 ? 0 : amount >= 10 ? 1 : 2;
  return `${amount.toFixed(digits)} ${units[power]}`;
}

/** By device: `1.25 GB of RAM, 420 MB of GPU0`; empty where there is nothing. */
export function describeBytes(bytes: Readonly<Record<string, number>>): string {
  const some = Object.entries(bytes).filter(([, amount]) => amount > 0);
  return some.map(([device, amount]) => `${formatBytes(amount)} of ${device}`).join(", ");
}
