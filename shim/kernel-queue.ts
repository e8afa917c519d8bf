import { readFile } from "node:fs/promises";
import type { Socket } from "node:net";

/** Linux lists every connection there, with what its peer has not yet acknowledged. */
const tables = ["/proc/net/tcp", "/proc/net/tcp6"];
/** So long one reading serves all who ask, however many they are. */
const freshMs = 50;

let reading: { readonly atMs: number; readonly rows: Promise<ReadonlyMap<string, number>> } | undefined;

/**
 * How many bytes of a connection the kernel holds that its reader has not taken; 0 where the kernel does not say. Node
 * learns of a slow reader's progress only when a third of that buffer, which may be megabytes, is free again
 * (sk_stream_is_writeable of Linux): a reader of 20 KB/s seems to stand still for a minute.
 */
export async function kernelQueueBytes({ localPort, remotePort }: Socket): Promise<number> {
  if (localPort === undefined || remotePort === undefined) return 0;
  const nowMs = performance.now();
  if (reading === undefined || nowMs - reading.atMs > freshMs) reading = { atMs: nowMs, rows: readRows() };
  return (await reading.rows).get(`${localPort} ${remotePort}`) ?? 0;
}

/** The queues by the two ports; connections of several addresses that share both count together. */
async function readRows(): Promise<ReadonlyMap<string, number>> {
  const rows = new Map<string, number>();
  for (const table of tables) {
    const text = await readFile(table, "utf8").catch(() => "");
    // `  0: 0100007F:1F40 0100007F:C350 01 0000A3D2:00000000 …`
    for (const [, local = "", remote = "", queue = ""] of text.matchAll(
      /: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]{2} ([0-9A-F]{8}):/g,
    )) {
      const key = `${parseInt(local, 16)} ${parseInt(remote, 16)}`;
      rows.set(key, (rows.get(key) ?? 0) + parseInt(queue, 16));
    }
  }
  return rows;
}
