import { expect } from "vitest";
import { answered } from "./answered.ts";
import type { GenerationProbe } from "./sampling-probes.ts";

/** The fields of every generating endpoint that say how much is generated, and from what. */
export const limitProbes: readonly GenerationProbe[] = [
  {
    field: "max_tokens",
    seen: "so many completion tokens, and the finish reason length",
    async run(generate) {
      const { usage, finishReasons } = await generate({ max_tokens: 5 });
      expect([usage?.completion_tokens, finishReasons]).toEqual([5, ["length"]]);
    },
  },
  {
    field: "min_tokens",
    seen: "an answer that ends by itself before is as long as that",
    async run(generate) {
      const long = { temperature: 0, max_tokens: 400 };
      const { usage, finishReasons } = await generate(long);
      expect(finishReasons).toEqual(["stop"]);
      const least = (usage?.completion_tokens ?? 0) + 20;
      const longer = await generate({ ...long, min_tokens: least });
      expect(longer.usage?.completion_tokens).toBeGreaterThanOrEqual(least);
    },
  },
  {
    field: "ignore_eos",
    seen: "an answer that ends by itself goes on to the limit",
    async run(generate) {
      const long = { temperature: 0, max_tokens: 400 };
      expect((await generate(long)).finishReasons).toEqual(["stop"]);
      expect((await generate({ ...long, ignore_eos: true })).finishReasons).toEqual(["length"]);
    },
  },
  {
    field: "stop",
    seen: "the text ends before it, one or several, with the finish reason stop",
    async run(generate) {
      const plain = (await generate({ temperature: 0 })).texts[0] ?? "";
      for (const stop of ["little", ["~~", "little"]]) {
        const { texts, finishReasons } = await generate({ temperature: 0, stop });
        expect(texts).toEqual([plain.slice(0, plain.indexOf("little"))]);
        expect(finishReasons).toEqual(["stop"]);
      }
    },
  },
  {
    field: "cache_prompt",
    seen: "cached_tokens counts a prompt that was there before; with false it is 0",
    async run(generate) {
      await generate({});
      const cached = async (fields: object) => (await generate(fields)).usage?.prompt_tokens_details?.cached_tokens;
      expect(await cached({})).toBeGreaterThan(2);
      expect(await cached({ cache_prompt: true })).toBeGreaterThan(2);
      expect(await cached({ cache_prompt: false })).toBe(0);
    },
  },
  {
    field: "grammar",
    seen: "the answer is one of the two words of the grammar",
    async run(generate) {
      const { texts } = await generate({ grammar: 'root ::= "cat" | "dog"', n: 4, temperature: 2 });
      expect(texts.every((text) => ["cat", "dog"].includes(text))).toBe(true);
    },
  },
  {
    field: "json_schema",
    seen: "the answer is JSON of the schema, at temperature 1",
    async run(generate) {
      const schema = { type: "array", items: { enum: [1, 2] }, minItems: 2, maxItems: 2 };
      const { texts } = await generate({ json_schema: schema, n: 4, seed: 1, temperature: 1, max_tokens: 200 });
      for (const text of answered(texts)) expect(text).toMatch(/^\[\s*[12]\s*,\s*[12]\s*\]$/);
    },
  },
  {
    field: "response_format",
    seen: "json_object and json_schema give JSON at temperature 1",
    async run(generate) {
      const named = { name: "x", schema: { enum: [{ a: 1 }] } };
      for (const format of [
        { type: "json_schema", json_schema: named },
        { type: "json_object", schema: named.schema },
      ]) {
        const { texts } = await generate({ response_format: format, n: 4, seed: 1, temperature: 1, max_tokens: 200 });
        for (const text of answered(texts)) expect(JSON.parse(text)).toEqual({ a: 1 });
      }
      const { texts } = await generate({ response_format: { type: "json_object" }, n: 4, seed: 1, temperature: 1 });
      for (const text of answered(texts)) expect(text).toMatch(/^\s*{/);
    },
  },
];
