import type { TokenizeOptions } from "../../engine.ts";
import type { LlamaApi } from "./api.ts";
import { callAsync } from "./api.ts";
import { int32At } from "./buffers/buffer.ts";
import type { FimTokens } from "../../engine.ts";
import type { VocabPointer } from "./buffers/pointer.ts";

/** Texts up to this many bytes are tokenized on the calling thread: the trip to another costs more. */
const syncBytes = 4096;

/** A model's vocabulary: text ⇄ tokens. Lives as long as its model. */
export class Vocabulary {
  readonly pointer: VocabPointer;
  readonly size: number;
  readonly bos: number;
  readonly eos: number;
  readonly sep: number;
  readonly addsBos: boolean;
  readonly addsEos: boolean;
  readonly addsSep: boolean;
  readonly fim: FimTokens | undefined;
  /** Tokens that the model's makers never want sampled. */
  readonly suppressed: readonly number[];
  readonly #llama: LlamaApi;
  readonly #eog: Uint8Array;
  readonly #eogTokens: number[];
  readonly #pieces: (Uint8Array | undefined)[] = [];
  readonly #specialPieces: (Uint8Array | undefined)[] = [];
  #scratch = Buffer.alloc(256);

  constructor(llama: LlamaApi, pointer: VocabPointer) {
    this.#llama = llama;
    this.pointer = pointer;
    this.size = llama.vocabSize(pointer);
    this.bos = llama.vocabBos(pointer);
    this.eos = llama.vocabEos(pointer);
    this.sep = llama.vocabSep(pointer);
    this.addsBos = llama.vocabAddsBos(pointer);
    this.addsEos = llama.vocabAddsEos(pointer);
    this.addsSep = llama.vocabAddsSep(pointer);
    const [prefix, suffix, middle] = [
      llama.vocabFimPrefix(pointer),
      llama.vocabFimSuffix(pointer),
      llama.vocabFimMiddle(pointer),
    ];
    const ifThere = (token: number) => (token < 0 ? undefined : token);
    const repository = ifThere(llama.vocabFimRepository(pointer));
    const file = ifThere(llama.vocabFimFile(pointer));
    this.fim = Math.min(prefix, suffix, middle) < 0 ? undefined : { prefix, suffix, middle, repository, file };
    this.#eog = Uint8Array.from({ length: this.size }, (_, token) => (llama.vocabIsEog(pointer, token) ? 1 : 0));
    this.#eogTokens = [...this.#eog.keys()].filter((token) => this.isEog(token));
    this.suppressed = suppressedTokens(llama, pointer);
  }

  has(token: number): boolean {
    return Number.isInteger(token) && token >= 0 && token < this.size;
  }

  isEog(token: number): boolean {
    return this.#eog[token] === 1;
  }

  /** Whether there is a tokenizer at all: without one llama.cpp answers every text by ending the process. */
  get tokenizes(): boolean {
    return this.#llama.vocabType(this.pointer) !== 0;
  }

  /** Every token that ends a generation. */
  get eogTokens(): readonly number[] {
    return this.#eogTokens;
  }

  /** Lets one more token end generations: the model's makers say so, though its GGUF does not. */
  addEogToken(token: number): void {
    if (!this.has(token) || this.isEog(token)) return;
    this.#eog[token] = 1;
    this.#eogTokens.push(token);
  }

  /** It has a name, which is not part of the text unless asked for (`<|im_start|>`). */
  isControl(token: number): boolean {
    return this.piece(token, false).length === 0 && this.piece(token, true).length > 0;
  }

  /** The token as the vocabulary spells it (`<s>`), "" for a token it does not have. */
  text(token: number): string {
    return this.has(token) ? (this.#llama.vocabText(this.pointer, token) ?? "") : "";
  }

  /** The token's exact bytes; a control token has none unless `special`. Do not change the result: it is kept. */
  piece(token: number, special: boolean): Uint8Array {
    // llama.cpp ends the process on an id outside the vocabulary.
    if (!this.has(token)) throw new RangeError(`token ${token} is not in the vocabulary of ${this.size} tokens`);
    const cache = special ? this.#specialPieces : this.#pieces;
    return (cache[token] ??= this.#readPiece(token, special));
  }

  #readPiece(token: number, special: boolean): Uint8Array {
    const read = (): number =>
      this.#llama.tokenToPiece(this.pointer, token, this.#scratch, this.#scratch.length, 0, special);
    let length = read();
    if (length < 0) {
      this.#scratch = Buffer.alloc(-length);
      length = read();
    }
    return Uint8Array.from(this.#scratch.subarray(0, length));
  }

  async tokenize(text: string, { addSpecial, parseSpecial }: TokenizeOptions): Promise<Int32Array> {
    const bytes = Buffer.from(text, "utf8");
    // llama.cpp has one switch for both ends of a text.
    const tokens = await this.#tokenize(bytes, addSpecial !== false, parseSpecial);
    return addSpecial === "start" && this.addsEos && tokens.at(-1) === this.eos ? tokens.subarray(0, -1) : tokens;
  }

  async #tokenize(bytes: Buffer, addSpecial: boolean, parseSpecial: boolean): Promise<Int32Array> {
    const into = (tokens: Int32Array): number | Promise<number> => {
      const args = [this.pointer, bytes, bytes.length, tokens, tokens.length, addSpecial, parseSpecial] as const;
      if (bytes.length <= syncBytes) return this.#llama.tokenize(...args);
      return callAsync(this.#llama.tokenize, ...args).finally(() => hold(bytes, tokens));
    };
    // Nearly always a token covers a byte at least, and there are two more: BOS and EOS.
    let tokens = new Int32Array(bytes.length + 2);
    let count = await into(tokens);
    if (count < 0) {
      // Not so where a space that belongs to no token is put in front, or a character is taken apart.
      tokens = new Int32Array(-count);
      count = await into(tokens);
    }
    return tokens.slice(0, count);
  }
}

/** Names the values once more after an asynchronous call, so that they are not collected during it. */
function hold(..._values: readonly unknown[]): void {}

function suppressedTokens(llama: LlamaApi, vocab: VocabPointer): number[] {
  const count = new Int32Array(1);
  const pointer = llama.vocabSuppressed(vocab, count);
  return pointer === null || !count[0] ? [] : [...int32At(pointer, count[0])];
}
