/** Types of metadata values, by their numbers in the format (ggml's docs/gguf.md). */
const sizes: Readonly<Record<number, number>> = { 0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8 };
const stringType = 8;

export interface GgufValue {
  readonly key: string;
  /** As it is in the file, type included. */
  readonly bytes: Buffer;
}

export interface GgufTensor {
  readonly name: string;
  readonly dimensions: readonly bigint[];
  readonly type: number;
  readonly data: Buffer;
}

export interface GgufFile {
  readonly values: readonly GgufValue[];
  readonly tensors: readonly GgufTensor[];
}

const alignment = 32;

/** Takes a GGUF file of version 3 apart. Values stay as they are: they are only copied or replaced. */
export function readGguf(bytes: Buffer): GgufFile {
  let at = 8;
  const take = (size: number): Buffer => bytes.subarray(at, (at += size));
  const count = (): number => Number(take(8).readBigUInt64LE());
  const text = (): string => take(count()).toString();
  const skip = (type: number): void => {
    const size = sizes[type];
    if (size !== undefined) at += size;
    else if (type === stringType) take(count());
    else {
      const of = take(4).readUInt32LE();
      for (let left = count(); left > 0; left--) skip(of);
    }
  };
  const [tensorCount, valueCount] = [count(), count()];
  const values = Array.from({ length: valueCount }, () => {
    const key = text();
    const start = at;
    skip(take(4).readUInt32LE());
    return { key, bytes: bytes.subarray(start, at) };
  });
  const infos = Array.from({ length: tensorCount }, () => {
    const name = text();
    const dimensions = Array.from({ length: take(4).readUInt32LE() }, () => take(8).readBigUInt64LE());
    return { name, dimensions, type: take(4).readUInt32LE(), offset: count() };
  });
  const begin = padded(at);
  const ends = infos.map(({ offset }) => offset).toSorted((a, b) => a - b);
  const tensors = infos.map(({ offset, ...info }) => {
    const end = ends.find((it) => it > offset) ?? bytes.length - begin;
    return { ...info, data: bytes.subarray(begin + offset, begin + end) };
  });
  return { values, tensors };
}

/** The bytes of a file, in pieces. */
export function writeGguf({ values, tensors }: GgufFile): Buffer[] {
  const head: Buffer[] = [Buffer.from("GGUF"), uint32(3), uint64(tensors.length), uint64(values.length)];
  for (const { key, bytes } of values) head.push(ggufText(key), bytes);
  let offset = 0;
  for (const { name, dimensions, type, data } of tensors) {
    head.push(ggufText(name), uint32(dimensions.length), ...dimensions.map(uint64), uint32(type), uint64(offset));
    offset += padded(data.length);
  }
  const size = head.reduce((sum, { length }) => sum + length, 0);
  const pieces = tensors.flatMap(({ data }) => [data, Buffer.alloc(padded(data.length) - data.length)]);
  return [...head, Buffer.alloc(padded(size) - size), ...pieces];
}

/** A text as the format has it. */
export function ggufText(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([uint64(bytes.length), bytes]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number | bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function padded(size: number): number {
  return Math.ceil(size / alignment) * alignment;
}
