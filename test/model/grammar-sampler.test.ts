import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import type koffi from "koffi";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { modelSettingsSchema } from "../../settings/settings.ts";
import { GrammarMatcher, TokenGrammar } from "../../services/engine/grammar/matcher/grammar-matcher.ts";
import { compileGrammar } from "../../services/engine/grammar/program/compile-grammar.ts";
import {
  grammarText,
  GrammarVocabulary,
  type TokenTexts,
} from "../../services/engine/grammar/vocabulary/grammar-vocabulary.ts";
import { buildTokenTrie } from "../../services/engine/grammar/vocabulary/token-trie.ts";
import { NativeBuffer } from "../../services/engine/llama/native/buffers/buffer.ts";
import type { Model } from "../../services/engine/llama/native/model.ts";
import { openModel } from "../../services/engine/llama/load/open-model.ts";
import { arbitraryGbnf } from "../unit/engine/grammar/arbitrary-grammar.ts";
import { tinyGuidePath } from "../support/tiny-guide.ts";

// More runs find rarer cases: RUNS=5000 for a long look.
const numRuns = Number(process.env["RUNS"] ?? 25);

/** llama.cpp's own grammar sampler, which our matcher stands for. */
interface Sampler {
  /** The tokens that may come next. */
  allowed(): Set<number>;
  accept(token: number): void;
  free(): void;
}

let model: Model;
let vocabulary: GrammarVocabulary;
let createSampler: (gbnf: string) => Sampler | undefined;
/** Tokens whose bytes llama.cpp reads as a decoder would: it takes some that are no UTF-8. */
let comparable: number[];

beforeAll(async () => {
  const settings = modelSettingsSchema.parse({ model: tinyGuidePath, model_alias: "tiny", vocab_only: true });
  const opened = await openModel(settings, { onProgress: () => {}, log: () => {} });
  model = opened.model;
  const { vocabulary: tokens } = model;
  const texts: TokenTexts = {
    size: tokens.size,
    text: (token) => tokens.piece(token, true),
    isControl: (token) => tokens.isControl(token),
    isEog: (token) => tokens.isEog(token),
    eogTokens: tokens.eogTokens,
  };
  const trie = buildTokenTrie(Array.from({ length: tokens.size }, (_, token) => grammarText(texts, token, true)));
  vocabulary = new GrammarVocabulary(texts, { keepControl: true, trie });
  comparable = Array.from({ length: tokens.size }, (_, token) => token).filter((token) => {
    const bytes = tokens.piece(token, true);
    return bytes.length > 0 && bytes[0] !== 0 && isWholeOrPart(bytes) && !bytes.some((byte) => doubtfulBytes.has(byte));
  });
  createSampler = bindGrammarSampler(opened.libraries.llama);
});
afterAll(() => model.free());

/** Not whole characters and then a part of one, which llama.cpp takes for any token but the one that a grammar excludes. */
function isWholeOrPart(bytes: Uint8Array): boolean {
  return isUtf8(bytes) || (bytes.length < 4 && !bytes.some((byte) => byte < 0x80));
}

/** First bytes that are in no UTF-8, or whose second byte not every value may be. */
const doubtfulBytes = new Set([0xc0, 0xc1, 0xe0, 0xed, 0xf0, ...Array.from({ length: 12 }, (_, i) => 0xf4 + i)]);

function bindGrammarSampler(library: ReturnType<typeof koffi.load>) {
  const init = library.func("void *llama_sampler_init_grammar(void *vocab, const char *gbnf, const char *root)");
  const apply = library.func("void llama_sampler_apply(void *smpl, void *cur_p)");
  const accept = library.func("void llama_sampler_accept(void *smpl, int32_t token)");
  const free = library.func("void llama_sampler_free(void *smpl)");
  return (gbnf: string): Sampler | undefined => {
    const { size, pointer: vocab } = model.vocabulary;
    const pointer: unknown = init(vocab, gbnf, "root");
    if (pointer === null) return undefined;
    const items = new NativeBuffer(size * 12);
    const header = new NativeBuffer(32);
    return {
      allowed() {
        const [ids, logits] = [items.int32, items.float32];
        for (let token = 0; token < size; token++) {
          ids[token * 3] = token;
          logits[token * 3 + 1] = 0;
        }
        header.bigInt64.set([BigInt.asIntN(64, items.address), BigInt(size), -1n, 0n]);
        apply(pointer, header.address);
        return new Set(
          Array.from({ length: size }, (_, token) => token).filter((token) => logits[token * 3 + 1] === 0),
        );
      },
      accept: (token) => void accept(pointer, token),
      free() {
        free(pointer);
        items.free();
        header.free();
      },
    };
  };
}

function newMatcher(gbnf: string): GrammarMatcher {
  return new GrammarMatcher(new TokenGrammar(compileGrammar(gbnf), vocabulary));
}

/** Takes up to as many tokens as there are picks, and compares what may come next each time. */
function compare(gbnf: string, picks: readonly number[]): void {
  const sampler = createSampler(gbnf);
  if (sampler === undefined) return;
  try {
    const matcher = newMatcher(gbnf);
    let text = "";
    for (const pick of picks) {
      const theirs = sampler.allowed();
      const mask = matcher.mask(Infinity);
      // llama.cpp lets an answer end within a character, which ours does not.
      const isCut = !isUtf8(Buffer.from(text, "latin1"));
      const differing = comparable.filter(
        (token) => mask?.has(token) !== theirs.has(token) && !(isCut && vocabulary.isEog(token)),
      );
      expect({ text, differing: differing.slice(0, 5) }).toEqual({ text, differing: [] });
      const next = comparable.filter((token) => theirs.has(token) && !vocabulary.isEog(token));
      const token = next[pick % next.length];
      if (token === undefined) return;
      text += Buffer.from(model.vocabulary.piece(token, true)).toString("latin1");
      sampler.accept(token);
      matcher.accept(token);
    }
  } finally {
    sampler.free();
  }
}

const manyPicks = fc.array(fc.nat(), { minLength: 8, maxLength: 8 });

describe("our matcher allows the tokens that llama.cpp's grammar sampler allows", () => {
  test("for grammars of any shape", () => {
    fc.assert(fc.property(arbitraryGbnf, manyPicks, compare), { numRuns });
  });

  test.for([
    String.raw`root ::= "{" ws "\"name\"" ":" ws string "," ws "\"age\":" [0-9]{1,3} "}"
ws ::= [ \n]{0,3}
string ::= "\"" ([^"\\\x01-\x1F] | "\\" ["\\/bfnrt])* "\""`,
    String.raw`root ::= ("- " [^\n]+ "\n"){2,4} | "none"`,
    "root ::= .{1,20}",
    'root ::= "<|im_start|>" [a-z]* "<|im_end|>"?',
    'root ::= <[5]> !<[7]> [a-c]+ | <[6]> "x"',
    "root ::= [^<] (text | [0-9]+)\ntext ::= [à-ÿ ]* | [α-ω]+ | [ぁ-ゖ]*",
  ])("for %s", (gbnf) => {
    fc.assert(
      fc.property(manyPicks, (picks) => compare(gbnf, picks)),
      { numRuns: 8 },
    );
  });
});
