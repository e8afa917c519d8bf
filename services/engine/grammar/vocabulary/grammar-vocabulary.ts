import type { TokenTrie } from "./token-trie.ts";

/** What a grammar has to know of a model's tokens. */
export interface TokenTexts {
  readonly size: number;
  /** The bytes that a token adds to the text, of a control token those of its name; empty: it adds none. */
  text(token: number): Uint8Array;
  /** Its name is not part of the text that a caller gets, unless asked for. */
  isControl(token: number): boolean;
  /** It ends a generation. */
  isEog(token: number): boolean;
  readonly eogTokens: readonly number[];
}

const wholeText = new TextDecoder("utf-8", { fatal: true });

/** A model's tokens as a grammar takes them: those with a text, by their bytes. */
export class GrammarVocabulary {
  readonly size: number;
  readonly eogTokens: readonly number[];
  readonly #texts: TokenTexts;
  readonly #keepControl: boolean;
  readonly trie: TokenTrie;

  /** `trie`: of the tokens' texts as grammarText gives them. `keepControl`: the names of control tokens are part of the text. */
  constructor(texts: TokenTexts, { keepControl, trie }: { readonly keepControl: boolean; readonly trie: TokenTrie }) {
    this.size = texts.size;
    this.eogTokens = texts.eogTokens;
    this.#texts = texts;
    this.#keepControl = keepControl;
    this.trie = trie;
  }

  /** The bytes that a grammar sees of a token; undefined: it is none that adds to a text. */
  textOf(token: number): Uint8Array | undefined {
    return grammarText(this.#texts, token, this.#keepControl);
  }

  /** Whether it adds whole characters to the text, and nothing else. */
  isWhole(token: number): boolean {
    const text = this.textOf(token);
    if (text === undefined) return false;
    try {
      wholeText.decode(text);
      return true;
    } catch {
      return false;
    }
  }

  isEog(token: number): boolean {
    return this.#texts.isEog(token);
  }
}

/** The bytes that a grammar sees of a token; undefined: it is none that adds to a text. */
export function grammarText(texts: TokenTexts, token: number, keepControl: boolean): Uint8Array | undefined {
  if (texts.isEog(token) || (!keepControl && texts.isControl(token))) return undefined;
  const text = texts.text(token);
  return text.length === 0 ? undefined : text;
}
