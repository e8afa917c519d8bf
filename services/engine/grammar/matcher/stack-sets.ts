/** The set that holds only the bottom: nothing is left to return to. */
export const bottom = 0;

/** Keys of two numbers: ids stay below. */
const keyFactor = 2 ** 26;

/**
 * Sets of stacks of return nodes, each kept once, so that equal sets have equal ids. A set is a choice of a return node
 * on top with the set of stacks below it, or of the bottom. Stacks share what they have in common, so that as many as
 * an ambiguous grammar may make stay small.
 */
export class StackSets {
  /** By id: return node, set below, return node, set below …; return nodes ascend. */
  readonly #pairs: (readonly number[])[] = [[]];
  readonly #hasBottom: boolean[] = [true];
  /** By id: the one set below all return nodes, -1 when there are several or the bottom; and how often that goes on. */
  readonly #below: number[] = [-1];
  readonly #depth: number[] = [0];
  readonly #single = new Map<number, number>();
  readonly #ids = new Map<string, number>();
  readonly #unions = new Map<number, number>();
  readonly #placed = new Map<number, number>();
  /** How many numbers are held, about, and how many were looked at so far. */
  size = 0;
  work = 0;

  /** The stacks of a set with a return node put on top of each. */
  push(returnNode: number, below: number): number {
    const key = returnNode * keyFactor + below;
    const known = this.#single.get(key);
    if (known !== undefined) return known;
    const id = this.#add(false, [returnNode, below]);
    this.#single.set(key, id);
    return id;
  }

  hasBottom(id: number): boolean {
    return this.#hasBottom[id] ?? false;
  }

  /** Return nodes and the sets below them, one after the other. */
  pairs(id: number): readonly number[] {
    return this.#pairs[id] ?? [];
  }

  union(a: number, b: number): number {
    if (a === b) return a;
    const key = a < b ? a * keyFactor + b : b * keyFactor + a;
    const known = this.#unions.get(key);
    if (known !== undefined) return known;
    const [left, right] = [this.pairs(a), this.pairs(b)];
    const merged: number[] = [];
    let [l, r] = [0, 0];
    while (l < left.length || r < right.length) {
      const leftNode = left[l] ?? Infinity;
      const rightNode = right[r] ?? Infinity;
      if (leftNode === rightNode) merged.push(leftNode, this.union(left[l + 1] ?? 0, right[r + 1] ?? 0));
      else if (leftNode < rightNode) merged.push(leftNode, left[l + 1] ?? 0);
      else merged.push(rightNode, right[r + 1] ?? 0);
      if (leftNode <= rightNode) l += 2;
      if (rightNode <= leftNode) r += 2;
    }
    const id = this.#intern(this.hasBottom(a) || this.hasBottom(b), merged);
    this.#unions.set(key, id);
    this.size += 4;
    return id;
  }

  /** The union of one set or more. */
  unionAll(ids: readonly number[]): number {
    const [first = bottom, second = first] = ids;
    if (ids.length <= 2) return this.union(first, second);
    const below = new Map<number, number[]>();
    for (const id of ids) {
      const pairs = this.pairs(id);
      for (let index = 0; index < pairs.length; index += 2) {
        const sets = below.get(pairs[index] ?? 0);
        const set = pairs[index + 1] ?? bottom;
        if (sets === undefined) below.set(pairs[index] ?? 0, [set]);
        else if (!sets.includes(set)) sets.push(set);
      }
    }
    this.work += ids.length;
    const nodes = [...below.keys()].sort((a, b) => a - b);
    const pairs = nodes.flatMap((node) => [node, this.unionAll(below.get(node) ?? [])]);
    return this.#intern(
      ids.some((id) => this.hasBottom(id)),
      pairs,
    );
  }

  /** The set with all stacks of `base` in the place of the bottom. */
  onTopOf(id: number, base: number): number {
    if (base === bottom) return id;
    if (id === bottom) return base;
    const key = id * keyFactor + base;
    const known = this.#placed.get(key);
    if (known !== undefined) return known;
    const pairs = this.pairs(id).map((value, index) => (index % 2 === 0 ? value : this.onTopOf(value, base)));
    const placed = this.#intern(false, pairs);
    const all = this.hasBottom(id) ? this.union(placed, base) : placed;
    this.#placed.set(key, all);
    this.size += 4;
    return all;
  }

  /** The nearest set that every one of these goes down to by all of its stacks; bottom when there is none. */
  commonBase(ids: readonly number[]): number {
    let base = ids[0] ?? bottom;
    for (const id of ids) {
      let other = id;
      while (base !== other) {
        const [baseDepth, otherDepth] = [this.#depth[base] ?? 0, this.#depth[other] ?? 0];
        if (baseDepth === 0 && otherDepth === 0) return bottom;
        if (baseDepth >= otherDepth) base = this.#below[base] ?? bottom;
        if (otherDepth >= baseDepth) other = this.#below[other] ?? bottom;
      }
    }
    return base;
  }

  /** What a set is on top of `base`, to which it goes down by all of its stacks. */
  above(id: number, base: number): number {
    if (base === bottom) return id;
    if (id === base) return bottom;
    return this.#intern(
      false,
      this.pairs(id).map((value, index) => (index % 2 === 0 ? value : this.above(value, base))),
    );
  }

  #intern(hasBottom: boolean, pairs: readonly number[]): number {
    this.work += pairs.length;
    if (pairs.length === 0) return bottom;
    if (!hasBottom && pairs.length === 2) return this.push(pairs[0] ?? 0, pairs[1] ?? 0);
    const key = `${hasBottom ? "1" : ""},${pairs.join()}`;
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#add(hasBottom, pairs);
    this.#ids.set(key, id);
    this.size += key.length / 4;
    return id;
  }

  #add(hasBottom: boolean, pairs: readonly number[]): number {
    const id = this.#pairs.push(pairs) - 1;
    let below = hasBottom ? -1 : (pairs[1] ?? -1);
    for (let index = 3; index < pairs.length; index += 2) if (pairs[index] !== below) below = -1;
    this.#hasBottom.push(hasBottom);
    this.#below.push(below);
    this.#depth.push(below < 0 ? 0 : (this.#depth[below] ?? 0) + 1);
    this.size += pairs.length + 12;
    return id;
  }
}
