import { writeFileSync } from "node:fs";

/** A value of a GGUF's metadata: whole numbers become uint32 (int32 in a list), other numbers float32. */
export type GgufValue =
  | string
  | number
  | boolean
  | { readonly float32: number }
  | readonly string[]
  | { readonly int32s: readonly number[] }
  | { readonly float32s: readonly number[] };

export interface GgufTensor {
  readonly name: string;
  /** In GGUF's order: the length of a row first. */
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

const types = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;
const float32Tensor = 0;
const alignment = 32;

/** Writes a GGUF file (version 3, https://github.com/ggml-org/ggml/blob/master/docs/gguf.md) whose tensors are all float32. */
export function writeGguf(
  path: string,
  { metadata, tensors }: { metadata: Readonly<Record<string, GgufValue>>; tensors: readonly GgufTensor[] },
): void {
  let offset = 0;
  const infos = tensors.map(({ name, shape, data }) => {
    const info = [string(name), uint32(shape.length), ...shape.map(uint64), uint32(float32Tensor), uint64(offset)];
    offset += padded(data.byteLength);
    return Buffer.concat(info);
  });
  const pairs = Object.entries(metadata).map(([key, value]) => Buffer.concat([string(key), ...valueOf(value)]));
  const head = [Buffer.from("GGUF"), uint32(3), uint64(tensors.length), uint64(pairs.length), ...pairs, ...infos];
  const data = tensors.map((tensor) =>
    pad(Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength)),
  );
  writeFileSync(path, Buffer.concat([pad(Buffer.concat(head)), ...data]));
}

function valueOf(value: GgufValue): Buffer[] {
  if (typeof value === "string") return [uint32(types.string), string(value)];
  if (typeof value === "boolean") return [uint32(types.bool), Buffer.from([value ? 1 : 0])];
  if (Array.isArray(value)) return array(types.string, (value as readonly string[]).map(string));
  if (typeof value === "object" && "int32s" in value) return array(types.int32, value.int32s.map(uint32));
  if (typeof value === "object" && "float32s" in value) return array(types.float32, value.float32s.map(float32));
  if (typeof value === "number" && Number.isInteger(value)) return [uint32(types.uint32), uint32(value)];
  return [uint32(types.float32), float32(typeof value === "number" ? value : (value as { float32: number }).float32)];
}

function array(type: number, items: readonly Buffer[]): Buffer[] {
  return [uint32(types.array), uint32(type), uint64(items.length), ...items];
}

function string(text: string): Buffer {
  return Buffer.concat([uint64(Buffer.byteLength(text)), Buffer.from(text)]);
}

function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

function float32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeFloatLE(value);
  return buffer;
}

function uint64(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}

function pad(buffer: Buffer): Buffer {
  return Buffer.concat([buffer, Buffer.alloc(padded(buffer.length) - buffer.length)]);
}
