import { type GrammarProgram, label, programBytes } from "../program/program.ts";
import { Closure, Positions, type Ways } from "./closure.ts";
import { bottom, StackSets } from "./stack-sets.ts";
import { GrammarTooComplex } from "./too-complex.ts";

/** Instead of a state: nothing can follow. */
export const dead = -1;
const unknown = -2;
/** Numbers that a grammar's states may take up, as one request's text makes them. */
const maxSize = 8_000_000;

/**
 * A grammar as an automaton over bytes, whose states are made when they are first met and then kept: a step that was
 * made before is a look into a table. A state is a set of ways to go on, on top of a base of stacks to return to, and
 * the ways are shared by all states that differ only in their base.
 */
export class GrammarAutomaton {
  readonly program: GrammarProgram;
  readonly #sets = new StackSets();
  readonly #positions: Positions;
  readonly #ways: Ways[] = [];
  readonly #wayIds = new Map<string, number>();
  /** By ways and kind of byte: what they lead to, on top of the same base. */
  readonly #wayStep: (Int32Array | undefined)[] = [];
  readonly #stateWays: number[] = [];
  readonly #stateBase: number[] = [];
  readonly #stateStep: Int32Array[] = [];
  readonly #states = new Map<number, number>();
  readonly #returns = new Map<number, number>();
  readonly start: number;
  #size = 0;
  #followed = 0;

  constructor(program: GrammarProgram) {
    this.program = program;
    this.#positions = new Positions(program);
    const closure = this.#closure();
    closure.add(program.ruleStarts[0] ?? 0, bottom);
    this.start = this.#place(closure);
  }

  /** How much memory it takes, about. */
  get bytes(): number {
    return programBytes(this.program) + (this.#size + this.#sets.size) * 8;
  }

  /** How much was computed that was not known, in places followed and stacks put together: what callers bound. */
  get work(): number {
    return this.#followed + this.#sets.work;
  }

  /** The state after a byte of this kind (`program.kindOf`), or dead. Throws GrammarTooComplex. */
  step(state: number, kind: number): number {
    const table = this.#stateStep[state];
    if (table === undefined) return dead;
    const known = table[kind] ?? dead;
    return known === unknown ? (table[kind] = this.#findStep(state, kind)) : known;
  }

  /** Whether the text may end in this state. */
  isComplete(state: number): boolean {
    return this.#waysOf(state).exits;
  }

  /** States with the same number take the same tokens but for those that return to the base. */
  waysIdOf(state: number): number {
    return this.#stateWays[state] ?? 0;
  }

  /** How many places wait for the next byte. */
  countWays(state: number): number {
    return this.#waysOf(state).nodes.length;
  }

  baseOf(state: number): number {
    return this.#stateBase[state] ?? bottom;
  }

  /** The state of the same ways on top of nothing: it is complete where others would return to their base. */
  withoutBase(state: number): number {
    return this.#state(this.waysIdOf(state), bottom);
  }

  /** The state right after a return to this one's base, which it has. */
  afterReturn(state: number): number {
    const base = this.baseOf(state);
    const known = this.#returns.get(base);
    if (known !== undefined) return known;
    const closure = this.#closure();
    closure.addReturn(base);
    const after = this.#place(closure);
    this.#returns.set(base, after);
    return after;
  }

  /** The indices in `program.tokens` of the tokens that a state takes whole; and of those beside which it takes any. */
  tokensAt(state: number): { readonly only: readonly number[]; readonly others: readonly number[] } {
    const { firstEdge, labels } = this.program;
    const only: number[] = [];
    const others: number[] = [];
    for (const node of this.program.tokens.length === 0 ? [] : this.#waysOf(state).nodes) {
      if (this.#positions.isInside(node)) continue;
      for (let edge = firstEdge[node] ?? 0; edge < (firstEdge[node + 1] ?? 0); edge++) {
        const labelOf = labels[edge] ?? 0;
        if (label.isToken(labelOf)) (label.isOtherToken(labelOf) ? others : only).push(label.tokenOf(labelOf));
      }
    }
    return { only, others };
  }

  /** The state after a token that is taken whole where `takes` says so of its index, or as its bytes, which lead to `state`. */
  stepToken(from: number, takes: (index: number, isOther: boolean) => boolean, byBytes: number): number {
    const closure = this.#closure();
    const { firstEdge, labels, targets } = this.program;
    if (byBytes !== dead) this.#addAll(closure, this.#waysOf(byBytes), this.baseOf(byBytes));
    if (byBytes !== dead && this.isComplete(byBytes)) closure.addReturn(bottom);
    const { nodes, stacks } = this.#waysOf(from);
    for (const [index, node] of nodes.entries()) {
      if (this.#positions.isInside(node)) continue;
      for (let edge = firstEdge[node] ?? 0; edge < (firstEdge[node + 1] ?? 0); edge++) {
        const labelOf = labels[edge] ?? 0;
        if (!label.isToken(labelOf) || !takes(label.tokenOf(labelOf), label.isOtherToken(labelOf))) continue;
        closure.add(targets[edge] ?? 0, this.#sets.onTopOf(stacks[index] ?? bottom, this.baseOf(from)));
      }
    }
    return this.#place(closure);
  }

  #closure(): Closure {
    return new Closure(this.program, { positions: this.#positions, sets: this.#sets });
  }

  #waysOf(state: number): Ways {
    return this.#ways[this.waysIdOf(state)] ?? { nodes: [], stacks: [], exits: false };
  }

  #findStep(state: number, kind: number): number {
    const waysId = this.waysIdOf(state);
    const base = this.baseOf(state);
    const table = (this.#wayStep[waysId] ??= new Int32Array(this.program.byteKinds).fill(unknown));
    // The step of the ways alone is that of the state with nothing below.
    let alone = table[kind] ?? dead;
    if (alone === unknown) table[kind] = alone = this.#stepWays(waysId, kind);
    if (alone === dead || base === bottom) return alone;
    const ways = this.#waysOf(alone);
    if (!ways.exits) return this.#state(this.waysIdOf(alone), this.#sets.onTopOf(this.baseOf(alone), base));
    const closure = this.#closure();
    this.#addAll(closure, ways, this.#sets.onTopOf(this.baseOf(alone), base));
    closure.addReturn(base);
    return this.#place(closure);
  }

  #stepWays(waysId: number, kind: number): number {
    const closure = this.#closure();
    const { nodes, stacks } = this.#ways[waysId] ?? { nodes: [], stacks: [] };
    for (const [index, node] of nodes.entries()) {
      this.#positions.step(node, kind, (position) => closure.add(position, stacks[index] ?? bottom));
    }
    return this.#place(closure);
  }

  /** Adds ways that stand on a base. */
  #addAll(closure: Closure, { nodes, stacks }: Ways, base: number): void {
    for (const [index, node] of nodes.entries()) closure.add(node, this.#sets.onTopOf(stacks[index] ?? bottom, base));
  }

  /** The state of what was collected: what all stacks have at the bottom becomes its base. */
  #place(closure: Closure): number {
    const ways = closure.ways();
    this.#followed += closure.followed;
    if (ways.nodes.length === 0 && !ways.exits) return dead;
    // Where the ways may end, the base must be what they end on.
    const common = ways.exits ? bottom : this.#sets.commonBase(ways.stacks);
    const stacks = common === bottom ? ways.stacks : ways.stacks.map((each) => this.#sets.above(each, common));
    const key = `${ways.exits ? "!" : ""}${ways.nodes.join()};${stacks.join()}`;
    let id = this.#wayIds.get(key);
    if (id === undefined) {
      id = this.#ways.push({ ...ways, stacks }) - 1;
      this.#wayIds.set(key, id);
      this.#grow(ways.nodes.length * 2 + key.length / 4 + 16);
    }
    return this.#state(id, common);
  }

  #state(waysId: number, base: number): number {
    const key = waysId * 2 ** 26 + base;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const state = this.#stateWays.push(waysId) - 1;
    this.#stateBase.push(base);
    this.#stateStep.push(new Int32Array(this.program.byteKinds).fill(unknown));
    this.#states.set(key, state);
    this.#grow(this.program.byteKinds / 2 + 20);
    return state;
  }

  #grow(numbers: number): void {
    this.#size += numbers;
    if (this.#size + this.#sets.size > maxSize)
      throw new GrammarTooComplex("what it has to keep of the text so far takes too much memory");
  }
}
