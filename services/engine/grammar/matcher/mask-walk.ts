import type { TokenTrie } from "../vocabulary/token-trie.ts";
import type { CharacterRuns } from "./character-runs.ts";
import { dead, type GrammarAutomaton } from "./automaton.ts";
import type { TokenMask } from "./token-mask.ts";

export interface MaskWalkParts {
  readonly automaton: GrammarAutomaton;
  readonly trie: TokenTrie;
  /** Where the branch begins: the state, and the first node and the one after the last. */
  readonly state: number;
  readonly from: number;
  readonly to: number;
  /** Gets the tokens that can be read. */
  readonly mask: TokenMask;
  /** Gets the nodes at which the grammar may be complete; unset: they do not matter. */
  readonly completions?: number[];
  readonly runs: CharacterRuns;
}

/** What a place followed for an unknown step costs, in nodes. */
const nodesPerWork = 8;
/** So many nodes are walked between two looks at the clock; unknown steps count for what they cost. */
const nodesPerLook = 2048;

/** A walk over a branch of the token tree, in pieces: marks the tokens that a grammar's automaton can read from a state. */
export class MaskWalk {
  readonly #parts: MaskWalkParts;
  readonly #states: Int32Array;
  /** The depth of what the branch hangs on. */
  readonly #top: number;
  #at: number;

  constructor(parts: MaskWalkParts) {
    const { trie, state, from } = parts;
    this.#parts = parts;
    this.#states = new Int32Array(trie.maxDepth + 1);
    this.#top = (trie.depths[from] ?? 1) - 1;
    this.#states[this.#top] = state;
    this.#at = from;
  }

  /** Walks until the end or the deadline (`performance.now()`); returns whether it is at the end. Throws GrammarTooComplex. */
  run(deadline: number): boolean {
    const { automaton, trie, to, mask, completions, runs } = this.#parts;
    const { bytes, depths, ends, tokens, firstToken, groups, heights } = trie;
    const { kindOf } = automaton.program;
    const states = this.#states;
    let at = this.#at;
    let left = nodesPerLook;
    let work = automaton.work;
    while (at < to) {
      if (automaton.work !== work) {
        left -= (automaton.work - work) * nodesPerWork;
        work = automaton.work;
      }
      if (--left < 0) {
        if (performance.now() >= deadline) break;
        left = nodesPerLook;
      }
      const depth = depths[at] ?? 0;
      const before = states[depth - 1] ?? dead;
      if (runs.takesAll(before, groups[at] ?? 0, heights[at] ?? 0)) {
        const end = ends[at] ?? to;
        mask.addEach(tokens, firstToken[at] ?? 0, firstToken[end] ?? tokens.length);
        at = end;
        continue;
      }
      const state = automaton.step(before, kindOf[bytes[at] ?? 0] ?? 0);
      if (state === dead) {
        at = ends[at] ?? to;
        continue;
      }
      states[depth] = state;
      mask.addEach(tokens, firstToken[at] ?? 0, firstToken[at + 1] ?? tokens.length);
      if (automaton.isComplete(state)) completions?.push(at);
      at++;
    }
    this.#at = at;
    return at >= to;
  }
}
