import { invalidParameter } from "../../../../clients/errors.ts";
import type { Grammar } from "../../engine.ts";
import { GrammarError } from "../../grammar/gbnf/grammar-error.ts";
import { TokenGrammar } from "../../grammar/matcher/grammar-matcher.ts";
import { GrammarTooComplex } from "../../grammar/matcher/too-complex.ts";
import { compileGrammar } from "../../grammar/program/compile-grammar.ts";
import { GrammarVocabulary } from "../../grammar/vocabulary/grammar-vocabulary.ts";
import { resolveTokens } from "../../grammar/vocabulary/resolve-tokens.ts";
import type { Vocabulary } from "../native/vocabulary.ts";

/** What is known of grammars that were used lately: their programs, states and masks. */
const maxBytes = 96 * 1024 * 1024;
/** A grammar whose states have grown to this is begun anew for the next request. */
const maxGrammarBytes = 24 * 1024 * 1024;

/** Compiles grammars for a model's vocabulary, and keeps those that were used lately. */
export class Grammars {
  readonly #vocabulary: Vocabulary;
  readonly #tokens = new Map<boolean, GrammarVocabulary>();
  readonly #recent = new Map<string, TokenGrammar>();

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  /** A grammar, ready to match. `keepControl`: names of control tokens are part of the text. Throws INVALID_PARAMETER. */
  async get({ gbnf }: Grammar, { keepControl }: { readonly keepControl: boolean }): Promise<TokenGrammar> {
    const key = `${keepControl ? "+" : "-"}${gbnf}`;
    const known = this.#recent.get(key);
    this.#recent.delete(key);
    const grammar =
      known !== undefined && known.automaton.bytes < maxGrammarBytes ? known : await this.#compile(gbnf, keepControl);
    this.#recent.set(key, grammar);
    let bytes = 0;
    for (const [other, { automaton }] of [...this.#recent].reverse()) {
      bytes += automaton.bytes + other.length * 2;
      if (bytes > maxBytes && other !== key) this.#recent.delete(other);
    }
    return grammar;
  }

  async #compile(gbnf: string, keepControl: boolean): Promise<TokenGrammar> {
    const { size } = this.#vocabulary;
    try {
      const program = await resolveTokens(compileGrammar(gbnf), {
        size,
        tokenize: (text) => this.#vocabulary.tokenize(text, { addSpecial: false, parseSpecial: true }),
      });
      return new TokenGrammar(program, this.#vocabularyFor(keepControl));
    } catch (error) {
      throw grammarRefusal(error);
    }
  }

  #vocabularyFor(keepControl: boolean): GrammarVocabulary {
    const vocabulary = this.#vocabulary;
    const known = this.#tokens.get(keepControl);
    if (known !== undefined) return known;
    const texts = {
      size: vocabulary.size,
      eogTokens: vocabulary.eogTokens,
      isEog: (token: number) => vocabulary.isEog(token),
      text: (token: number) => vocabulary.piece(token, true),
      isControl: (token: number) => vocabulary.isControl(token),
    };
    const made = new GrammarVocabulary(texts, { keepControl });
    this.#tokens.set(keepControl, made);
    return made;
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
