import { compileGrammar } from "./program/compile-grammar.ts";
import type { GrammarProgram } from "./program/program.ts";
import { buildTokenTrie, type TokenTrie } from "./vocabulary/token-trie.ts";

/** The work for grammars that takes longer than a step may wait for. */
export interface GrammarCompiler {
  /** See compileGrammar. Aborting `signal` ends the wait with its reason. */
  compile(gbnf: string, signal?: AbortSignal): Promise<GrammarProgram>;
  /** See buildTokenTrie. */
  buildTrie(texts: readonly (Uint8Array | undefined)[]): Promise<TokenTrie>;
}

/** Does the work where it is asked for, while everything else waits. */
export const directCompiler: GrammarCompiler = {
  compile: async (gbnf) => compileGrammar(gbnf),
  buildTrie: async (texts) => buildTokenTrie(texts),
};
