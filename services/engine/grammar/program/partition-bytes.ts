import type { GrammarProgram } from "./program.ts";
import { label } from "./program.ts";

/** Numbers the kinds of bytes that a grammar's labels tell apart, and writes its classes by kinds. */
export function partitionBytes(
  labels: Int32Array,
  rows: readonly Uint16Array[],
): Pick<GrammarProgram, "kindOf" | "byteKinds" | "classNext"> {
  const isLabel = new Uint8Array(256);
  for (const each of labels) if (label.isByte(each)) isLabel[each] = 1;
  const kindOf = new Uint8Array(256);
  const samples: number[] = [];
  const kinds = new Map<string, number>();
  for (let byte = 0; byte < 256; byte++) {
    const column = rows.map((row) => row[byte] ?? 0).join(",");
    const key = isLabel[byte] === 1 ? `byte ${byte}` : column;
    const known = kinds.get(key);
    const kind = known ?? samples.push(byte) - 1;
    if (known === undefined) kinds.set(key, kind);
    kindOf[byte] = kind;
  }
  const byteKinds = samples.length;
  const classNext = new Uint16Array(rows.length * byteKinds);
  for (const [row, table] of rows.entries())
    for (const [kind, byte] of samples.entries()) classNext[row * byteKinds + kind] = table[byte] ?? 0;
  return { kindOf, byteKinds, classNext };
}
