/** How much of one device models may take. */
export type Amount =
  { readonly kind: "bytes"; readonly bytes: number } | { readonly kind: "share"; readonly share: number };

/** `memory_limit`: for whatever models are placed on, or by device. */
export type MemoryLimit = Amount | { readonly kind: "devices"; readonly devices: Readonly<Record<string, Amount>> };

const factors: Readonly<Record<string, number>> = {
  "": 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

/** `420MB`, `1.5 GiB`, `80%`, or a number of bytes. */
export const amountPattern = /^(\d+(?:\.\d+)?)\s*(?:%|([KMGT]i?B)?)$/i;
export const devicePattern = /^(?:RAM|GPU\d+)$/;

/** Reads an amount that matches `amountPattern`; more than 100 % is 100 %. */
export function parseAmount(text: string): Amount {
  const [, digits = "0", unit = ""] = amountPattern.exec(text) ?? [];
  const number = Number(digits);
  if (text.endsWith("%")) return { kind: "share", share: Math.min(1, number / 100) };
  return { kind: "bytes", bytes: Math.floor(number * (factors[unit.toUpperCase()] ?? 1)) };
}

/** Reads the setting as it is written. */
export function parseMemoryLimit(written: string | Readonly<Record<string, string>>): MemoryLimit {
  if (typeof written === "string") return parseAmount(written);
  const devices = Object.entries(written).map(([device, amount]) => [device, parseAmount(amount)] as const);
  return { kind: "devices", devices: Object.fromEntries(devices) };
}

export function bytesOf(amount: Amount, totalBytes: number): number {
  return amount.kind === "bytes" ? amount.bytes : Math.floor(totalBytes * amount.share);
}
