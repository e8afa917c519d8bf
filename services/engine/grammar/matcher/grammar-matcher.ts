import type { GrammarProgram } from "../program/program.ts";
import type { GrammarVocabulary } from "../vocabulary/grammar-vocabulary.ts";
import { dead, GrammarAutomaton } from "./automaton.ts";
import { MaskCache } from "./mask-cache.ts";
import { GrammarTooComplex } from "./too-complex.ts";
import type { TokenMask } from "./token-mask.ts";

/**
 * What a text may cost its grammar in all, and more for each token, in places followed (about a microsecond each): a
 * small share of a step. A JSON answer costs some 20 for each token, and nothing when the grammar was used before.
 */
const workAtStart = 200_000;
const workPerToken = 500;

/** A grammar with what is known of it for a vocabulary: states and masks that all texts held to it share. */
export class TokenGrammar {
  readonly automaton: GrammarAutomaton;
  readonly vocabulary: GrammarVocabulary;
  readonly masks: MaskCache;

  /** The tokens that the program names are ids by now. */
  constructor(program: GrammarProgram, vocabulary: GrammarVocabulary) {
    this.automaton = new GrammarAutomaton(program);
    this.vocabulary = vocabulary;
    this.masks = new MaskCache(this.automaton, vocabulary);
  }
}

/** Holds one text, token by token, to a grammar. Its methods throw GrammarTooComplex where that would take too long. */
export class GrammarMatcher {
  readonly #grammar: TokenGrammar;
  #state: number;
  #workLeft = workAtStart;

  constructor(grammar: TokenGrammar) {
    this.#grammar = grammar;
    this.#state = grammar.automaton.start;
  }

  /** Whether the text may end here. */
  get isComplete(): boolean {
    return this.#state !== dead && this.#grammar.automaton.isComplete(this.#state);
  }

  /** Whether the token may come next. An end token may where the text may end. */
  allows(token: number): boolean {
    if (this.#grammar.vocabulary.isEog(token)) return this.isComplete;
    return this.#counted(() => this.#after(token)) !== dead;
  }

  /** Takes a token that is allowed. */
  accept(token: number): void {
    if (this.#grammar.vocabulary.isEog(token)) return;
    this.#workLeft += workPerToken;
    this.#state = this.#counted(() => this.#after(token));
  }

  /** So few tokens may come next that `mask` is the quickest way to them. */
  get isNarrow(): boolean {
    return this.#counted(() => this.#grammar.masks.isNarrow(this.#state));
  }

  /** The tokens that may come next; undefined: not found before the deadline (`performance.now()`), the next call goes on. */
  mask(deadline: number): TokenMask | undefined {
    return this.#grammar.masks.mask(this.#state, deadline);
  }

  #after(token: number): number {
    const { automaton, vocabulary } = this.#grammar;
    const { kindOf, tokens } = automaton.program;
    const text = vocabulary.textOf(token);
    let state = text === undefined ? dead : this.#state;
    for (const byte of text ?? []) {
      if (state === dead) break;
      state = automaton.step(state, kindOf[byte] ?? 0);
    }
    if (tokens.length === 0) return state;
    const takes = (index: number, isOther: boolean) =>
      isOther ? vocabulary.isWhole(token) && tokens[index] !== token : tokens[index] === token;
    return automaton.stepToken(this.#state, takes, state);
  }

  #counted<T>(work: () => T): T {
    const before = this.#grammar.automaton.work;
    const result = work();
    this.#workLeft -= this.#grammar.automaton.work - before;
    if (this.#workLeft < 0) throw new GrammarTooComplex("following it takes too long for each token");
    return result;
  }
}
