import { expect } from "vitest";
import { type ContractServer, embeddingsPath } from "../contract-server.ts";
import type { Probe } from "./probe.ts";

const vectorOf = async (server: ContractServer, request: object) => {
  const { data } = await server.embed({ input: "The capital of Japan", encoding_format: "float", ...request });
  return data[0]?.embedding ?? [];
};
const lengthOf = (vector: readonly number[]) => Math.hypot(...vector);

/** Fields of POST /v1/embeddings. */
export const embeddingProbes: readonly Probe[] = [
  {
    field: "input",
    seen: "a text, texts, tokens and lists of tokens give a vector each, in order; empty ones are refused",
    async run(server) {
      const { data, usage } = await server.embed({ input: ["a", "b c", "a"], encoding_format: "float" });
      expect(data.map(({ index }) => index)).toEqual([0, 1, 2]);
      expect(data[0]?.embedding[0]).toBeCloseTo(data[2]?.embedding[0] ?? 0, 3);
      expect(usage.prompt_tokens).toBe(4);
      const { tokens } = (await (await server.send("/tokenize", { content: "b c" })).json()) as { tokens: number[] };
      for (const input of [tokens, [tokens]]) {
        expect((await vectorOf(server, { input }))[0]).toBeCloseTo(data[1]?.embedding[0] ?? 0, 3);
      }
      for (const input of ["", [], ["a", ""], [[]]]) {
        expect((await server.refusal(embeddingsPath, { input })).param).toMatch(/^input/);
      }
    },
  },
  {
    field: "encoding_format",
    seen: "base64 has the numbers of float, as little-endian float32",
    async run(server) {
      const { data } = await server.embed({ input: "The capital of Japan", encoding_format: "base64" });
      const bytes = Buffer.from(data[0]?.embedding as unknown as string, "base64");
      const numbers = await vectorOf(server, {});
      expect(bytes.length).toBe(numbers.length * 4);
      for (const [i, number] of numbers.entries()) expect(bytes.readFloatLE(i * 4)).toBeCloseTo(number, 3);
    },
  },
  {
    field: "dimensions",
    seen: "so many numbers, of length 1 again; more than the model has are refused",
    async run(server) {
      const vector = await vectorOf(server, { dimensions: 16 });
      expect(vector).toHaveLength(16);
      expect(lengthOf(vector)).toBeCloseTo(1, 4);
      expect(await server.refusal(embeddingsPath, { input: "a", dimensions: 9_999 })).toMatchObject({
        param: "dimensions",
      });
    },
  },
  {
    field: "pooling",
    seen: "mean, cls and last give different vectors, none one for each token",
    async run(server) {
      const each = await server.send(embeddingsPath, { input: "b c", pooling: "none" });
      expect(await each.json()).toMatchObject({ data: [{ embedding: [expect.any(Array), expect.any(Array)] }] });
      const vectors = await Promise.all(["mean", "cls", "last"].map((pooling) => vectorOf(server, { pooling })));
      expect(new Set(vectors.map((vector) => vector[0]?.toFixed(3))).size).toBe(3);
    },
  },
  normalizeProbe("normalize", { on: true, off: false }),
  normalizeProbe("embd_normalize", { on: 2, off: -1 }),
];

function normalizeProbe(field: string, { on, off }: { readonly on: unknown; readonly off: unknown }): Probe {
  return {
    field,
    seen: `${JSON.stringify(on)} (the default) gives length 1, ${JSON.stringify(off)} the model's own length`,
    async run(server) {
      expect(lengthOf(await vectorOf(server, {}))).toBeCloseTo(1, 4);
      expect(lengthOf(await vectorOf(server, { [field]: on }))).toBeCloseTo(1, 4);
      expect(Math.abs(lengthOf(await vectorOf(server, { [field]: off })) - 1)).toBeGreaterThan(0.1);
    },
  };
}
