import { GrammarMatcher, TokenGrammar } from "../../../../services/engine/grammar/matcher/grammar-matcher.ts";
import { compileGrammar } from "../../../../services/engine/grammar/program/compile-grammar.ts";
import { grammarText, GrammarVocabulary } from "../../../../services/engine/grammar/vocabulary/grammar-vocabulary.ts";
import { buildTokenTrie } from "../../../../services/engine/grammar/vocabulary/token-trie.ts";

export interface TestToken {
  readonly bytes: Uint8Array;
  readonly control?: true;
  readonly end?: true;
}

/** Tokens for each byte, by their value, then these, then `<end>`, which ends a text. */
export function testVocabulary(pieces: readonly string[], { keepControl = false } = {}) {
  const tokens: TestToken[] = [
    ...Array.from({ length: 256 }, (_, byte) => ({ bytes: Uint8Array.of(byte) })),
    ...pieces.map((piece): TestToken => ({
      bytes: Buffer.from(piece),
      ...(piece.startsWith("<|") && { control: true }),
    })),
    { bytes: Buffer.from("<end>"), end: true },
  ];
  const end = tokens.length - 1;
  const texts = {
    size: tokens.length,
    text: (token: number) => tokens[token]?.bytes ?? new Uint8Array(),
    isControl: (token: number) => tokens[token]?.control === true,
    isEog: (token: number) => token === end,
    eogTokens: [end],
  };
  const trie = buildTokenTrie(tokens.map((_, token) => grammarText(texts, token, keepControl)));
  return { vocabulary: new GrammarVocabulary(texts, { keepControl, trie }), tokens, end };
}

/** A matcher of a text by its bytes. */
export function matcherOf(gbnf: string, pieces: readonly string[] = []): GrammarMatcher {
  return new GrammarMatcher(new TokenGrammar(compileGrammar(gbnf), testVocabulary(pieces).vocabulary));
}

/** How far a text can be read: whether all of it can, and whether it may end there. */
export function read(gbnf: string, text: string): { readonly accepts: boolean; readonly matches: boolean } {
  const matcher = matcherOf(gbnf);
  for (const byte of Buffer.from(text)) {
    if (!matcher.allows(byte)) return { accepts: false, matches: false };
    matcher.accept(byte);
  }
  return { accepts: true, matches: matcher.isComplete };
}
