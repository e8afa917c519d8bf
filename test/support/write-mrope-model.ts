import { readFileSync, writeFileSync } from "node:fs";
import { tinyGuidePath } from "./tiny-guide.ts";

const alignment = 32;
const arrayType = 9;
const int32Type = 5;
/** Bytes of the types of metadata that have a fixed size; strings (8) and arrays (9) have not. */
const sizes: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const stringType = 8;

/**
 * Writes tiny-guide as a model of the architecture qwen2vl, whose positions have several parts (M-RoPE). It rotates
 * other numbers together than tiny-guide was trained with, so that its answers are nonsense, but always the same.
 */
export function writeMropeModel(path: string): void {
  const file = readFileSync(tinyGuidePath);
  let at = 24;
  const tensorCount = file.readBigUInt64LE(8);
  const pairs: Buffer[] = [];
  const pairCount = Number(file.readBigUInt64LE(16));
  const stringEnd = (from: number): number => from + 8 + Number(file.readBigUInt64LE(from));
  const valueEnd = (type: number, from: number): number => {
    if (type === stringType) return stringEnd(from);
    if (type !== arrayType) return from + (sizes[type] ?? 0);
    const of = file.readUInt32LE(from);
    let end = from + 12;
    for (let left = Number(file.readBigUInt64LE(from + 4)); left > 0; left--) end = valueEnd(of, end);
    return end;
  };
  for (let index = 0; index < pairCount; index++) {
    const keyEnd = stringEnd(at);
    const key = file.toString("utf8", at + 8, keyEnd);
    const end = valueEnd(file.readUInt32LE(keyEnd), keyEnd + 4);
    const value = key === "general.architecture" ? text("qwen2vl") : file.subarray(keyEnd + 4, end);
    pairs.push(text(key.replace(/^llama\./, "qwen2vl.")), file.subarray(keyEnd, keyEnd + 4), value);
    at = end;
  }
  const sections = Buffer.alloc(4 * 8);
  [arrayType, int32Type, 4, 0, 16, 8, 8, 0].forEach((number, index) => sections.writeUInt32LE(number, index * 4));
  pairs.push(text("qwen2vl.rope.dimension_sections"), sections);
  let infosEnd = at;
  for (let left = tensorCount; left > 0n; left--) {
    const nameEnd = stringEnd(infosEnd);
    infosEnd = nameEnd + 4 + file.readUInt32LE(nameEnd) * 8 + 4 + 8;
  }
  const start = Buffer.from(file.subarray(0, 24));
  start.writeBigUInt64LE(BigInt(pairCount + 1), 16);
  const head = Buffer.concat([start, ...pairs, file.subarray(at, infosEnd)]);
  const padding = Buffer.alloc(Math.ceil(head.length / alignment) * alignment - head.length);
  writeFileSync(path, Buffer.concat([head, padding, file.subarray(Math.ceil(infosEnd / alignment) * alignment)]));
}

function text(value: string): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(value)));
  return Buffer.concat([length, Buffer.from(value)]);
}
