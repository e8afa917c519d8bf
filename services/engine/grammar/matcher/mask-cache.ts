import type { GrammarVocabulary } from "../vocabulary/grammar-vocabulary.ts";
import { dead, type GrammarAutomaton } from "./automaton.ts";
import { CharacterRuns } from "./character-runs.ts";
import { MaskWalk } from "./mask-walk.ts";
import { GrammarTooComplex } from "./too-complex.ts";
import { TokenMask } from "./token-mask.ts";

/** Masks of one grammar that are kept, at most. */
const maxBytes = 4 * 1024 * 1024;
/** Places followed for one mask, at most: a second or so, in pieces. */
const maxWork = 10_000_000;
/** To walk so much of the token tree takes less time than to sample from a vocabulary. */
const narrowNodes = 2048;
const narrowWays = 64;

/** What is known of a state's ways whatever they stand on: tokens within them, and nodes after which a token goes on below. */
interface WaysMask {
  readonly mask: TokenMask;
  readonly completions: readonly number[];
}

/** Computes the masks of a grammar's states, in pieces, and keeps as many as fit. */
export class MaskCache {
  readonly #automaton: GrammarAutomaton;
  readonly #vocabulary: GrammarVocabulary;
  readonly #ofWays = new Map<number, WaysMask>();
  readonly #ofStates = new Map<number, TokenMask>();
  /** For walks that look for completions, and for those that do not. */
  readonly #runsWithin: CharacterRuns;
  readonly #runs: CharacterRuns;
  readonly #narrow = new Map<number, boolean>();
  /** By state: a computation that is not at its end. */
  readonly #open = new Map<number, Generator<undefined, TokenMask, number>>();

  constructor(automaton: GrammarAutomaton, vocabulary: GrammarVocabulary) {
    this.#automaton = automaton;
    this.#vocabulary = vocabulary;
    this.#runsWithin = new CharacterRuns(automaton, { mayComplete: false });
    this.#runs = new CharacterRuns(automaton, { mayComplete: true });
  }

  /**
   * The tokens that may come next in a state, end tokens included. undefined: the deadline (`performance.now()`) has
   * come first; the next call goes on. Throws GrammarTooComplex.
   */
  mask(state: number, deadline: number): TokenMask | undefined {
    const known = this.#ofStates.get(state);
    if (known !== undefined) {
      refresh(this.#ofStates, state, known);
      return known;
    }
    const computation = this.#open.get(state) ?? this.#compute(state, deadline);
    this.#open.delete(state);
    const { done, value } = computation.next(deadline);
    if (done !== true) {
      this.#open.set(state, computation);
      return undefined;
    }
    this.#keep(this.#ofStates, state, value);
    return value;
  }

  *#compute(state: number, firstDeadline: number): Generator<undefined, TokenMask, number> {
    const { trie, size, eogTokens } = this.#vocabulary;
    const automaton = this.#automaton;
    const mask = new TokenMask(size);
    const most = automaton.work + maxWork;
    let deadline = firstDeadline;
    const ways = automaton.waysIdOf(state);
    let ofWays = this.#ofWays.get(ways);
    if (ofWays === undefined) {
      const completions: number[] = [];
      const found = new TokenMask(size);
      const start = { state: automaton.withoutBase(state), from: 0, to: trie.bytes.length };
      // What may end here has nothing below that a token could go on in.
      const ends = automaton.isComplete(state) ? { runs: this.#runs } : { runs: this.#runsWithin, completions };
      const walk = new MaskWalk({ automaton, trie, ...start, mask: found, ...ends });
      while (!walk.run(deadline)) {
        checkWork(automaton, most);
        deadline = yield;
      }
      ofWays = { mask: found, completions };
      this.#keep(this.#ofWays, ways, ofWays);
    }
    mask.addAll(ofWays.mask);
    // Where the ways have come to their end within a token, the rest of it is read by what they return to.
    if (automaton.baseOf(state) !== 0) {
      const after = automaton.afterReturn(state);
      for (const node of after === dead ? [] : ofWays.completions) {
        const branch = { from: node + 1, to: trie.ends[node] ?? 0 };
        if (branch.from >= branch.to) continue;
        const walk = new MaskWalk({ automaton, trie, runs: this.#runs, state: after, ...branch, mask });
        while (!walk.run(deadline)) {
          checkWork(automaton, most);
          deadline = yield;
        }
      }
    }
    this.#addWholeTokens(state, mask);
    if (automaton.isComplete(state)) for (const token of eogTokens) mask.add(token);
    return mask;
  }

  /**
   * Whether so few tokens may come next that it is quicker to find them all than to sample first and check. Says the
   * same of a state each time, so that a seed gives the same answer whatever is known already.
   */
  isNarrow(state: number): boolean {
    const ways = this.#automaton.waysIdOf(state);
    const known = this.#narrow.get(ways);
    if (known !== undefined) return known;
    const narrow = this.#nodesBelow(state) <= narrowNodes;
    this.#narrow.set(ways, narrow);
    return narrow;
  }

  /** How many nodes of the token tree begin with a byte that may come next. */
  #nodesBelow(state: number): number {
    const { trie } = this.#vocabulary;
    if (this.#automaton.countWays(state) > narrowWays) return Infinity;
    if (this.#automaton.tokensAt(state).others.length > 0) return Infinity;
    let nodes = 0;
    for (let at = 0; at < trie.bytes.length && nodes <= narrowNodes; at = trie.ends[at] ?? trie.bytes.length) {
      const kind = this.#automaton.program.kindOf[trie.bytes[at] ?? 0] ?? 0;
      if (this.#automaton.step(state, kind) !== dead) nodes += (trie.ends[at] ?? 0) - at;
    }
    return nodes;
  }

  /** The tokens that the grammar names. */
  #addWholeTokens(state: number, mask: TokenMask): void {
    const { program } = this.#automaton;
    const { only, others } = this.#automaton.tokensAt(state);
    const idOf = (index: number) => Number(program.tokens[index]);
    for (const index of only) if (!this.#vocabulary.isEog(idOf(index))) mask.add(idOf(index));
    if (others.length === 0) return;
    const [excepted = -1, another] = new Set(others.map(idOf));
    for (let token = 0; token < this.#vocabulary.size; token++)
      if ((token !== excepted || another !== undefined) && this.#vocabulary.isWhole(token)) mask.add(token);
  }

  #keep<V>(cache: Map<number, V>, key: number, value: V): void {
    cache.set(key, value);
    const most = Math.max(16, maxBytes / (this.#vocabulary.size / 8));
    if (cache.size <= most) return;
    for (const [oldest] of cache) {
      cache.delete(oldest);
      break;
    }
  }
}

function refresh<V>(cache: Map<number, V>, key: number, value: V): void {
  cache.delete(key);
  cache.set(key, value);
}

function checkWork({ work }: GrammarAutomaton, most: number): void {
  if (work > most) throw new GrammarTooComplex("finding the tokens that may follow takes too long");
}
