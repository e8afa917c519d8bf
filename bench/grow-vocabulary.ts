import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { seededRandom } from "./measure/statistics.ts";
import { type GgufFile, ggufText, readGguf, uint32, writeGguf } from "./vocabulary/gguf-file.ts";
import { madeUpTokens } from "./vocabulary/made-up-tokens.ts";

// Makes a model with a large vocabulary of one with a small one: the new tokens have texts, so that grammars and samplers
// have them to look at, and rows of zeros, so that the model says what it said before.
const { values } = parseArgs({
  options: {
    model: {
      type: "string",
      default: fileURLToPath(new URL("../../shared/models/SmolLM2-135M-Instruct-Q4_0.gguf", import.meta.url)),
    },
    tokens: { type: "string", default: "262144" },
    out: { type: "string", default: fileURLToPath(new URL("./.models/vocabulary-262144.gguf", import.meta.url)) },
  },
});

/** GPT-2's: what can be seen stands for itself. */
const codePoints = byteCodePoints();
const size = Number(values.tokens);
const grown = grow(readGguf(readFileSync(values.model)));
mkdirSync(dirname(values.out), { recursive: true });
writeFileSync(values.out, Buffer.concat(writeGguf(grown)));
console.log(`wrote ${values.out}`);

function grow({ values: metadata, tensors }: GgufFile): GgufFile {
  const tokens = metadata.find(({ key }) => key === "tokenizer.ggml.tokens");
  if (tokens === undefined) throw new Error("the model has no tokens");
  const old = arrayLength(tokens.bytes);
  const more = Array.from({ length: size - old });
  const items: Readonly<Record<string, readonly Buffer[] | undefined>> = {
    "tokenizer.ggml.tokens": newTexts(more.length, tokens.bytes),
    "tokenizer.ggml.scores": more.map(() => Buffer.alloc(4)),
    // Normal ones.
    "tokenizer.ggml.token_type": more.map(() => uint32(1)),
  };
  return {
    values: metadata.map(({ key, bytes }) => {
      const added = items[key];
      if (added !== undefined) return { key, bytes: extend(bytes, added) };
      return key.endsWith(".vocab_size")
        ? { key, bytes: Buffer.concat([bytes.subarray(0, 4), uint32(size)]) }
        : { key, bytes };
    }),
    tensors: tensors.map((tensor) => {
      const [width = 0n, rows = 0n] = tensor.dimensions;
      if (rows !== BigInt(old)) return tensor;
      const rowBytes = Math.floor(tensor.data.length / old);
      const data = Buffer.concat([tensor.data.subarray(0, rowBytes * old), Buffer.alloc(rowBytes * (size - old))]);
      return { ...tensor, dimensions: [width, BigInt(size)], data };
    }),
  };
}

function arrayLength(bytes: Buffer): number {
  return Number(bytes.readBigUInt64LE(8));
}

/** An array's value, with more items at its end. */
function extend(bytes: Buffer, items: readonly Buffer[]): Buffer {
  const longer = Buffer.concat([bytes, ...items]);
  longer.writeBigUInt64LE(BigInt(arrayLength(bytes) + items.length), 8);
  return longer;
}

/** Texts that the vocabulary does not have yet. */
function newTexts(count: number, tokens: Buffer): Buffer[] {
  const had = new Set(readTexts(tokens));
  // Some of them are there already.
  const drawn = madeUpTokens(count + had.size, seededRandom(1)).map(byteLevel);
  return drawn
    .filter((text) => !had.has(text))
    .slice(0, count)
    .map(ggufText);
}

function readTexts(bytes: Buffer): string[] {
  let at = 16;
  return Array.from({ length: arrayLength(bytes) }, () => {
    const start = at + 8;
    at = start + Number(bytes.readBigUInt64LE(at));
    return bytes.toString("utf8", start, at);
  });
}

/** Bytes as GPT-2's vocabularies write them: those that cannot be seen are moved behind Latin-1. */
function byteLevel(text: string): string {
  return [...Buffer.from(text)].map((byte) => String.fromCodePoint(codePoints[byte] ?? byte)).join("");
}

function byteCodePoints(): number[] {
  let next = 256;
  const seen = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  return Array.from({ length: 256 }, (_, byte) => (seen(byte) ? byte : next++));
}
