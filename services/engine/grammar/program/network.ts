import { GrammarError } from "../gbnf/grammar-error.ts";
import { emptyLabel, label } from "./program.ts";

/** What a grammar of the largest size that is served may need; a node takes some 20 bytes. */
const maxNodes = 1_000_000;

/** Nodes and the edges between them, as they are made. */
export class Network {
  readonly #from: number[] = [];
  readonly #labels: number[] = [];
  readonly #targets: number[] = [];
  readonly #ends: number[] = [];
  #nodes = 0;

  addNode(): number {
    if (this.#nodes >= maxNodes) throw tooLarge(this.#nodes + 1);
    return this.#nodes++;
  }

  addEdge(from: number, labelOf: number, to: number): void {
    this.#from.push(from);
    this.#labels.push(labelOf);
    this.#targets.push(to);
  }

  /** A rule may end at this node. */
  markEnd(node: number): void {
    this.#ends.push(node);
  }

  /** Throws, before they are made, when so many more nodes would be too many. */
  expect(nodes: number): void {
    if (this.#nodes + nodes > maxNodes) throw tooLarge(this.#nodes + nodes);
  }

  /** The edges in the order of their nodes. */
  pack() {
    const firstEdge = new Int32Array(this.#nodes + 1);
    for (const from of this.#from) firstEdge[from + 1] = (firstEdge[from + 1] ?? 0) + 1;
    for (let node = 0; node < this.#nodes; node++)
      firstEdge[node + 1] = (firstEdge[node + 1] ?? 0) + (firstEdge[node] ?? 0);
    const place = firstEdge.slice();
    const labels = new Int32Array(this.#labels.length);
    const targets = new Int32Array(this.#labels.length);
    for (const [index, from] of this.#from.entries()) {
      const at = place[from] ?? 0;
      place[from] = at + 1;
      labels[at] = this.#labels[index] ?? 0;
      targets[at] = this.#targets[index] ?? 0;
    }
    const ends = new Uint8Array(this.#nodes);
    for (const node of this.#ends) ends[node] = 1;
    return { firstEdge, labels, targets, ends, tails: findTails({ firstEdge, labels, targets, ends }) };
  }
}

interface Packed {
  readonly firstEdge: Int32Array;
  readonly labels: Int32Array;
  readonly targets: Int32Array;
  readonly ends: Uint8Array;
}

/** The nodes that calls return to and from which only the end of a rule can be reached. */
function findTails({ firstEdge, labels, targets, ends }: Packed): Uint8Array {
  const tails = new Uint8Array(ends.length);
  for (let edge = 0; edge < labels.length; edge++) {
    const node = targets[edge] ?? 0;
    if (label.isCall(labels[edge] ?? 0) && tails[node] === 0 && onlyEnds(node)) tails[node] = 1;
  }
  return tails;

  function onlyEnds(start: number): boolean {
    const seen = new Set([start]);
    let reachesEnd = false;
    for (const node of seen) {
      if (ends[node] === 1) reachesEnd = true;
      for (let edge = firstEdge[node] ?? 0; edge < (firstEdge[node + 1] ?? 0); edge++) {
        if (labels[edge] !== emptyLabel) return false;
        seen.add(targets[edge] ?? 0);
      }
    }
    return reachesEnd;
  }
}

function tooLarge(nodes: number): GrammarError {
  return new GrammarError(
    `it is too large: with its repetitions written out it has ${nodes} places or more, and ${maxNodes} are served`,
  );
}
