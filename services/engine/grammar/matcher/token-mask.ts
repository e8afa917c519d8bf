/** The tokens that may come next: bit `token % 32` of word `token >> 5`. */
export class TokenMask {
  readonly words: Uint32Array;
  #count: number | undefined;

  constructor(vocabularySize: number) {
    this.words = new Uint32Array(Math.ceil(vocabularySize / 32));
  }

  has(token: number): boolean {
    return (((this.words[token >> 5] ?? 0) >>> (token & 31)) & 1) === 1;
  }

  add(token: number): void {
    this.words[token >> 5] = (this.words[token >> 5] ?? 0) | (1 << (token & 31));
  }

  /** Adds the tokens of a list from `from` to before `to`. */
  addEach(tokens: Int32Array, from: number, to: number): void {
    const words = this.words;
    for (let index = from; index < to; index++) {
      const token = tokens[index] ?? 0;
      words[token >> 5] = (words[token >> 5] ?? 0) | (1 << (token & 31));
    }
  }

  addAll({ words }: TokenMask): void {
    for (let index = 0; index < this.words.length; index++)
      this.words[index] = (this.words[index] ?? 0) | (words[index] ?? 0);
  }

  /** How many tokens it has; it must not change any more. */
  get count(): number {
    this.#count ??= this.words.reduce((sum, word) => sum + bits(word), 0);
    return this.#count;
  }

  /** Writes its tokens to `into`, in order, and gives their number. */
  list(into: Int32Array): number {
    let count = 0;
    for (let index = 0; index < this.words.length; index++) {
      let word = this.words[index] ?? 0;
      while (word !== 0) {
        const low = word & -word;
        into[count++] = index * 32 + 31 - Math.clz32(low);
        word ^= low;
      }
    }
    return count;
  }
}

function bits(word: number): number {
  let left = word - ((word >>> 1) & 0x55555555);
  left = (left & 0x33333333) + ((left >>> 2) & 0x33333333);
  return Math.imul((left + (left >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
