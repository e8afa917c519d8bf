import { invalidParameter } from "../../../../clients/errors.ts";
import type { Grammar } from "../../engine.ts";
import { GrammarError } from "../../grammar/gbnf/grammar-error.ts";
import { TokenGrammar } from "../../grammar/matcher/grammar-matcher.ts";
import { GrammarTooComplex } from "../../grammar/matcher/too-complex.ts";
import type { GrammarCompiler } from "../../grammar/grammar-compiler.ts";
import { grammarText, GrammarVocabulary } from "../../grammar/vocabulary/grammar-vocabulary.ts";
import { resolveTokens } from "../../grammar/vocabulary/resolve-tokens.ts";
import type { Vocabulary } from "../native/vocabulary.ts";

/** What is known of grammars that were used lately: their programs, states and masks. */
const maxBytes = 96 * 1024 * 1024;
/** A grammar whose states have grown to this is begun anew for the next request. */
const maxGrammarBytes = 24 * 1024 * 1024;

/** How long the texts of a vocabulary are read at a stretch: steps come between. */
const readMs = 2;

/** Compiles grammars for a model's vocabulary, and keeps those that were used lately. */
export class Grammars {
  readonly #vocabulary: Vocabulary;
  readonly #compiler: GrammarCompiler;
  readonly #tokens = new Map<boolean, Promise<GrammarVocabulary>>();
  readonly #recent = new Map<string, TokenGrammar>();

  constructor(vocabulary: Vocabulary, compiler: GrammarCompiler) {
    this.#vocabulary = vocabulary;
    this.#compiler = compiler;
  }

  /** A grammar, ready to match. `keepControl`: names of control tokens are part of the text. Throws INVALID_PARAMETER. */
  async get(
    { gbnf }: Grammar,
    { keepControl, signal }: { readonly keepControl: boolean; readonly signal: AbortSignal },
  ): Promise<TokenGrammar> {
    const key = `${keepControl ? "+" : "-"}${gbnf}`;
    const known = this.#recent.get(key);
    this.#recent.delete(key);
    const grammar =
      known !== undefined && known.automaton.bytes < maxGrammarBytes
        ? known
        : await this.#compile(gbnf, { keepControl, signal });
    this.#recent.set(key, grammar);
    let bytes = 0;
    for (const [other, { automaton }] of [...this.#recent].reverse()) {
      bytes += automaton.bytes + other.length * 2;
      if (bytes > maxBytes && other !== key) this.#recent.delete(other);
    }
    return grammar;
  }

  async #compile(
    gbnf: string,
    { keepControl, signal }: { readonly keepControl: boolean; readonly signal: AbortSignal },
  ): Promise<TokenGrammar> {
    const { size } = this.#vocabulary;
    try {
      const compiled = await this.#compiler.compile(gbnf, signal);
      const program = await resolveTokens(compiled, {
        size,
        tokenize: (text) => this.#vocabulary.tokenize(text, { addSpecial: false, parseSpecial: true }),
      });
      return new TokenGrammar(program, await this.#vocabularyFor(keepControl));
    } catch (error) {
      throw grammarRefusal(error);
    }
  }

  #vocabularyFor(keepControl: boolean): Promise<GrammarVocabulary> {
    const known = this.#tokens.get(keepControl);
    if (known !== undefined) return known;
    const made = this.#readVocabulary(keepControl);
    this.#tokens.set(keepControl, made);
    // What failed once is tried again.
    made.catch(() => this.#tokens.delete(keepControl));
    return made;
  }

  async #readVocabulary(keepControl: boolean): Promise<GrammarVocabulary> {
    const vocabulary = this.#vocabulary;
    const texts = {
      size: vocabulary.size,
      eogTokens: vocabulary.eogTokens,
      isEog: (token: number) => vocabulary.isEog(token),
      text: (token: number) => vocabulary.piece(token, true),
      isControl: (token: number) => vocabulary.isControl(token),
    };
    const all: (Uint8Array | undefined)[] = [];
    let rest = performance.now() + readMs;
    for (let token = 0; token < texts.size; token++) {
      all.push(grammarText(texts, token, keepControl));
      if (token % 256 !== 0 || performance.now() < rest) continue;
      await new Promise(setImmediate);
      rest = performance.now() + readMs;
    }
    const trie = await this.#compiler.buildTrie(all);
    return new GrammarVocabulary(texts, { keepControl, trie });
  }
}

/** What a grammar's fault is to the caller; other errors stay what they are. */
export function grammarRefusal(error: unknown): unknown {
  if (error instanceof GrammarError) return invalidParameter("grammar", `the grammar is refused: ${error.message}`);
  if (error instanceof GrammarTooComplex)
    return invalidParameter(
      "grammar",
      `the grammar is too complex: ${error.message}; write it with fewer alternatives`,
    );
  return error;
}
