import { invalidParameter } from "../../../../clients/errors.ts";
import type { Grammar } from "../../engine.ts";
import { callAsync, type SamplerApi } from "../native/api.ts";
import { Sampler } from "../native/sampler.ts";
import type { Vocabulary } from "../native/vocabulary.ts";

/** llama.cpp parses groups by recursion: 20,000 nested ones overflow its stack, 1,000 do not. */
const maxDepth = 500;
const maxBytes = 1024 * 1024;

/** Compiles a grammar to a sampler that the caller frees. Throws RpcError INVALID_PARAMETER when llama.cpp refuses it. */
export async function compileGrammar(api: SamplerApi, vocabulary: Vocabulary, { gbnf }: Grammar): Promise<Sampler> {
  const depth = nesting(gbnf);
  if (gbnf.length > maxBytes) throw refused(`it has ${gbnf.length} characters, at most ${maxBytes} are served`);
  if (depth > maxDepth) throw refused(`its groups are nested ${depth} deep, at most ${maxDepth} are served`);
  const pointer = await callAsync(api.grammar, vocabulary.pointer, gbnf, "root");
  if (pointer === null)
    throw refused(
      "it cannot be parsed: it needs a rule `root`, no undefined or left-recursive rule, and bounded repetitions",
    );
  return new Sampler(api, pointer);
}

function refused(why: string) {
  return invalidParameter("grammar", `the grammar is refused: ${why}`);
}

function nesting(gbnf: string): number {
  let depth = 0;
  let deepest = 0;
  for (const char of gbnf) {
    if (char === "(") deepest = Math.max(deepest, ++depth);
    else if (char === ")") depth--;
  }
  return deepest;
}
