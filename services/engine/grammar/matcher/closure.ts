import { deadRow, doneRow } from "../program/utf8-classes.ts";
import { emptyLabel, type GrammarProgram, label } from "../program/program.ts";
import { bottom, type StackSets } from "./stack-sets.ts";
import { GrammarTooComplex } from "./too-complex.ts";

/** More ways to go on than this are not followed at once, nor more places on the way to them: some milliseconds. */
const maxWays = 8_192;
const maxFollowed = 50_000;

/** Where a text may stand in a grammar: nodes that wait for a byte or a token, each with the stacks to return by. */
export interface Ways {
  /** Ascending. Numbers from the program's node count on are places within a character, see Positions. */
  readonly nodes: readonly number[];
  readonly stacks: readonly number[];
  /** Whether the text may end here, or, of ways on top of a base, return to it. */
  readonly exits: boolean;
}

/** The nodes of a program, and places within the characters that lead to them, which are numbered as they are met. */
export class Positions {
  readonly #program: GrammarProgram;
  readonly #nodes: number;
  readonly #inside = new Map<number, number>();
  readonly #rows: number[] = [];
  readonly #targets: number[] = [];

  constructor(program: GrammarProgram) {
    this.#program = program;
    this.#nodes = program.ends.length;
  }

  /** Calls `reach` with each position that a byte of this kind leads to. */
  step(position: number, kind: number, reach: (position: number) => void): void {
    const { firstEdge, labels, targets, kindOf } = this.#program;
    if (position >= this.#nodes) {
      const index = position - this.#nodes;
      this.#stepInside(this.#rows[index] ?? deadRow, this.#targets[index] ?? 0, kind, reach);
      return;
    }
    const end = firstEdge[position + 1] ?? 0;
    for (let edge = firstEdge[position] ?? 0; edge < end; edge++) {
      const labelOf = labels[edge] ?? 0;
      if (label.isByte(labelOf)) {
        if (kindOf[labelOf] === kind) reach(targets[edge] ?? 0);
      } else if (label.isClass(labelOf)) this.#stepInside(label.rowOf(labelOf), targets[edge] ?? 0, kind, reach);
    }
  }

  isInside(position: number): boolean {
    return position >= this.#nodes;
  }

  #stepInside(row: number, target: number, kind: number, reach: (position: number) => void): void {
    const { classNext, byteKinds } = this.#program;
    const next = classNext[row * byteKinds + kind] ?? deadRow;
    if (next === doneRow) reach(target);
    else if (next !== deadRow) reach(this.#insideOf(next, target));
  }

  #insideOf(row: number, target: number): number {
    const key = row * 2 ** 26 + target;
    const known = this.#inside.get(key);
    if (known !== undefined) return known;
    const position = this.#nodes + this.#rows.length;
    this.#rows.push(row);
    this.#targets.push(target);
    this.#inside.set(key, position);
    return position;
  }
}

/** Collects where a text may stand, following everything that needs no byte: calls, returns and empty edges. */
export class Closure {
  readonly #program: GrammarProgram;
  readonly #positions: Positions;
  readonly #sets: StackSets;
  readonly #reached = new Map<number, number>();
  readonly #waiting = new Map<number, number>();
  /** Positions to follow, in order, and the stacks that came to each since it was followed. */
  readonly #queue: number[] = [];
  readonly #arrived = new Map<number, Set<number>>();
  #exits = false;
  /** How many places were followed so far. */
  followed = 0;

  constructor(program: GrammarProgram, { positions, sets }: { positions: Positions; sets: StackSets }) {
    this.#program = program;
    this.#positions = positions;
    this.#sets = sets;
  }

  /** Adds a position, with the stacks to return by. */
  add(position: number, stacks: number): void {
    this.#reach(position, stacks);
  }

  /** Adds what comes after a return by these stacks. */
  addReturn(stacks: number): void {
    this.#return(stacks);
  }

  /** All that can be reached from what was added. */
  ways(): Ways {
    // In order, so that all that leads to a position tends to be there before it is followed.
    for (const position of this.#queue) {
      const arrived = this.#arrived.get(position) ?? new Set();
      this.#arrived.delete(position);
      const known = this.#reached.get(position);
      const all = this.#sets.unionAll(known === undefined ? [...arrived] : [...arrived.add(known)]);
      if (all === known) continue;
      this.#reached.set(position, all);
      this.#follow(position, all);
    }
    const nodes = [...this.#waiting.keys()].sort((a, b) => a - b);
    return { nodes, stacks: nodes.map((node) => this.#waiting.get(node) ?? bottom), exits: this.#exits };
  }

  #reach(position: number, stacks: number): void {
    const arrived = this.#arrived.get(position);
    if (arrived === undefined) {
      if (this.#reached.get(position) === stacks) return;
      this.#arrived.set(position, new Set([stacks]));
      this.#queue.push(position);
    } else arrived.add(stacks);
  }

  #follow(position: number, stacks: number): void {
    if (++this.followed > maxFollowed)
      throw new GrammarTooComplex(`there are more than ${maxFollowed} places to look at for one character`);
    if (this.#positions.isInside(position)) {
      this.#wait(position);
      return;
    }
    const { firstEdge, labels, targets, ends, tails, ruleStarts } = this.#program;
    const end = firstEdge[position + 1] ?? 0;
    let waits = false;
    for (let edge = firstEdge[position] ?? 0; edge < end; edge++) {
      const labelOf = labels[edge] ?? 0;
      const target = targets[edge] ?? 0;
      if (labelOf === emptyLabel) this.#reach(target, stacks);
      else if (label.isCall(labelOf)) {
        const start = ruleStarts[label.ruleOf(labelOf)] ?? 0;
        this.#reach(start, tails[target] === 1 ? stacks : this.#sets.push(target, stacks));
      } else waits = true;
    }
    if (waits) this.#wait(position);
    if (ends[position] === 1) this.#return(stacks);
  }

  #wait(position: number): void {
    this.#waiting.set(position, this.#reached.get(position) ?? bottom);
    if (this.#waiting.size > maxWays)
      throw new GrammarTooComplex(`there are more than ${maxWays} ways to go on at once`);
  }

  #return(stacks: number): void {
    if (this.#sets.hasBottom(stacks)) this.#exits = true;
    const pairs = this.#sets.pairs(stacks);
    for (let index = 0; index < pairs.length; index += 2) this.#reach(pairs[index] ?? 0, pairs[index + 1] ?? bottom);
  }
}
